from django.apps import AppConfig


class ChainingConfig(AppConfig):
    name = "chaining"
