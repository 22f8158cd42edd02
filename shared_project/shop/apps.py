from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "shared_project.shop"
    default_auto_field = "django.db.models.BigAutoField"
