from django.apps import AppConfig


class GreetConfig(AppConfig):
    name = "greet"
