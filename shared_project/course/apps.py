from django.apps import AppConfig


class CourseConfig(AppConfig):
    name = "shared_project.course"
