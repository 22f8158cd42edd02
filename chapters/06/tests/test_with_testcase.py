import signal
from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.test import TestCase

from shared_project.shop.models import AuditLog, Order


class ProcessOrdersTest(TestCase):
    def test_a_stopped_run_finishes_its_batch_and_the_next_one_does_the_rest(self):
        Order.objects.bulk_create(
            Order(number=f"A-{number}", legacy_customer="Ada", total=5) for number in range(150)
        )
        signals = [signal.SIGTERM]

        def send_signal(execute, sql, params, many, context):
            if sql.startswith("UPDATE") and signals:
                signal.raise_signal(signals.pop())
            return execute(sql, params, many, context)

        stdout = StringIO()
        with connection.execute_wrapper(send_signal), self.assertRaises(SystemExit) as stopped:
            call_command("process_orders", stdout=stdout)
        self.assertEqual(stopped.exception.code, 143)
        call_command("process_orders", stdout=stdout)
        self.assertEqual(
            stdout.getvalue().splitlines(),
            [
                "Processed 100 of 150 pending orders.",
                "Processed 50 of 50 pending orders.",
            ],
        )
        self.assertEqual(AuditLog.objects.count(), 150)
