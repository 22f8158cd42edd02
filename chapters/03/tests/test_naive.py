import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import FieldError
from django.core.management import call_command


@pytest.fixture
def target(tmp_path):
    return tmp_path / "users.csv"


@pytest.mark.django_db
def test_naive_export_reports_a_file_that_it_never_wrote(step, target, capsys):
    call_command(step("export_users"), format="json", output=str(target))
    assert "Exporting users" in capsys.readouterr().out
    assert not target.exists()


@pytest.mark.django_db
def test_naive_export_destroys_the_old_file_before_it_fails(step, target, capsys):
    target.write_text("the export of yesterday\n")
    with pytest.raises(FieldError):
        call_command(step("export_users"), output=str(target), fields=["username", "nope"])
    assert target.read_text() == "username,nope\n"


@pytest.mark.django_db
def test_naive_export_hands_out_password_hashes(step, target, capsys):
    user = User.objects.create(username="ada", password="pbkdf2_sha256$secret")
    call_command(step("export_users"), output=str(target), fields=["username", "password"])
    assert user.password in target.read_text()


@pytest.mark.django_db
def test_naive_export_repeats_a_user_for_every_group(step, target, capsys):
    user = User.objects.create(username="ada")
    user.groups.set([Group.objects.create(name="staff"), Group.objects.create(name="sales")])
    call_command(step("export_users"), output=str(target), fields=["username", "groups"])
    assert target.read_text().count("ada,") == 2


@pytest.mark.django_db
def test_naive_export_writes_a_cell_that_a_spreadsheet_runs(step, target, capsys):
    User.objects.create(username="-2+3", email="ada@example.com")
    call_command(step("export_users"), output=str(target))
    assert "\n-2+3," in target.read_text()
