import csv
from pathlib import Path

from django import forms
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shared_project.shop.models import Customer


class CustomerForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields = ["name", "email"]


class Command(BaseCommand):
    help = "Import customers from a CSV file: all of it, or nothing."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="A CSV file with the columns name and email.")

    def handle(self, *args, **options):
        try:
            with options["file"].open(encoding="utf-8-sig", newline="") as file:
                forms, errors = self.read_forms(file)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        for error in errors:
            self.stderr.write(error)
        if errors:
            raise CommandError("Nothing was imported.")
        created = [form for form in forms if form.instance.pk is None]
        created_count = len(created)
        with transaction.atomic():
            for form in forms:
                form.save()
        self.stdout.write(
            f"Created {created_count} customers and updated {len(forms) - created_count}."
        )

    def read_forms(self, file):
        reader = csv.DictReader(file)
        for column in CustomerForm.base_fields:
            if column not in (reader.fieldnames or []):
                raise CommandError(f"There is no column {column}.")
        forms, errors, lines = [], [], {}
        for row in reader:
            known = Customer.objects.filter(email=row["email"]).first()
            form = CustomerForm(row, instance=known)
            forms.append(form)
            for field, messages in form.errors.items():
                errors += [f"line {reader.line_num}, {field}: {message}" for message in messages]
            first = lines.setdefault(row["email"], reader.line_num)
            if first != reader.line_num:
                errors.append(f"line {reader.line_num}, email: It is in line {first}, too.")
        return forms, errors
