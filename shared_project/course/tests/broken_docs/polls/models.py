from django.db import models


class Question(models.Model):
    question_text = models.CharField(max_length=200)
    opened = models.BooleanField(default=True)

    class Meta:
        app_label = "polls"

    def __str__(self):
        return self.question_text
