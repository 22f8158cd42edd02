"""What an operator calls the rows of a model."""

from django.db.models import Model


def plural(model: type[Model]) -> str:
    # Django documents only the methods of `_meta`: a release may rename this without notice.
    return str(model._meta.verbose_name_plural)
