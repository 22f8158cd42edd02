from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Say hello, to see that Django finds your commands."

    def handle(self, *args, **options):
        self.stdout.write("Hello from Django!")
