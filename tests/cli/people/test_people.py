"""People, teams and invitations at the command line."""

from __future__ import annotations

from tests.cli.terminal import Terminal


def test_a_team_is_filled_and_shown_with_its_people_and_tokens(terminal: Terminal) -> None:
    terminal.ok("team", "create", "lab")
    terminal.ok("person", "create", "Ada", "--email", "Ada@example.org", "--role", "owner")
    terminal.ok("person", "create", "Bob", "--team", "lab")
    assert "Team lab: Ada, Bob.\n" == terminal.ok("team", "add", "lab", "Ada").stdout
    terminal.ok("token", "create", "t", "--person", "Ada")
    terminal.ok("token", "create", "shared", "--team", "lab")
    header, *rows = [line.split() for line in terminal.ok("person", "list").stdout.splitlines()]
    assert ["NAME", "ROLE", "TEAM", "STATE", "TOKENS", "SPENT"] == header
    assert [["Ada", "owner", "lab", "enabled", "1", "$0.00"], ["Bob", "member", "lab", "enabled", "0", "$0.00"]] == rows
    shown = terminal.ok("person", "show", "ada@example.org").stdout
    assert ["email", "ada@example.org"] in [line.split() for line in shown.splitlines()]
    assert ["lab", "Ada,", "Bob", "1", "$0.00"] == terminal.ok("team", "list").stdout.splitlines()[1].split()
    column, *owners = [line.split()[6] for line in terminal.ok("token", "list").stdout.splitlines()]
    # Of the same second, tokens come by their names.
    assert ("OWNER", {"Ada", "lab"}) == (column, {*owners})


def test_a_list_of_tokens_has_no_column_for_owners_where_nobody_is(terminal: Terminal) -> None:
    terminal.ok("token", "create", "t")
    assert "OWNER" not in terminal.ok("token", "list").stdout


def test_a_token_has_one_owner(terminal: Terminal) -> None:
    terminal.ok("person", "create", "Ada")
    assert 2 == terminal.run("token", "create", "t", "--person", "Ada", "--gateway").code
    terminal.ok("token", "create", "t", "--person", "Ada")
    assert "Token t: person -, team -.\n" == terminal.ok("token", "set", "t", "--gateway").stdout


def test_who_deletes_a_person_reads_which_tokens_went_along(terminal: Terminal) -> None:
    terminal.ok("person", "create", "Ada")
    terminal.ok("token", "create", "t", "--person", "Ada")
    assert "person disabled" in (terminal.ok("person", "disable", "Ada"), terminal.ok("token", "list"))[1].stdout
    assert "Person Ada deleted, with t.\n" == terminal.ok("person", "delete", "Ada").stdout
    assert "Nobody yet: aihub-lite invite NAME.\n" == terminal.ok("person", "list").stdout


def test_an_invitation_prints_the_link_once(terminal: Terminal) -> None:
    environ = {"AIHUB_PUBLIC_URL": "https://ai.example.org"}
    text = terminal.ok("invite", "Ada", "--role", "admin", environ=environ).stdout
    link = text.splitlines()[-1]
    assert link.startswith("https://ai.example.org/console/invitation/")
    assert "invited" in terminal.ok("person", "list").stdout
    listed = terminal.ok("invitation", "list").stdout
    assert ("Ada" in listed, link.rpartition("/")[2] in listed) == (True, False)
    assert "Invitation of Ada ended.\n" == terminal.ok("invitation", "end", "Ada").stdout


def test_an_invitation_without_a_server_says_what_its_link_lacks(terminal: Terminal) -> None:
    assert "put the gateway's address before it" in terminal.ok("invite", "Ada").stdout
    assert terminal.ok("invite", "Ada", "--json").json["url"] is None


def test_an_invitation_whose_mail_fails_prints_the_link_and_says_so(terminal: Terminal) -> None:
    environ = {
        "AIHUB_PUBLIC_URL": "https://ai.example.org",
        "AIHUB_SMTP_HOST": "localhost",
        "AIHUB_SMTP_PORT": "1",
        "AIHUB_SMTP_FROM": "ai@example.org",
        "AIHUB_SMTP_SECURITY": "none",
    }
    text = terminal.ok("invite", "Ada", "--email", "ada@example.org", environ=environ).stdout
    assert "https://ai.example.org/console/invitation/" in text
    assert "The mail to ada@example.org failed: localhost:1 could not be spoken with" in text
    refused = terminal.run("settings", "test-mail", "ada@example.org", environ=environ)
    assert (1, True) == (refused.code, "localhost:1 could not be spoken with" in refused.stderr)


def test_a_list_of_tokens_says_what_holds_of_those_that_their_person_made(terminal: Terminal) -> None:
    file = terminal.directory.parent / "made.toml"
    file.write_text(
        "[people.Ada]\ntoken_models = ['demo']\ntoken_rpm = 60\ntoken_group = 'staff'\n"
        "[tokens.laptop]\nperson = 'Ada'\nself_made = true\nrpm = 100\n"
        "[tokens.robot]\nperson = 'Ada'\nrpm = 100\n",
        "utf-8",
    )
    terminal.ok("apply", str(file))
    lines = terminal.ok("token", "list").stdout.splitlines()
    (laptop,) = (line.split() for line in lines if line.startswith("laptop "))
    (robot,) = (line.split() for line in lines if line.startswith("robot "))
    assert (["staff", "demo"], "default") == ([laptop[3], laptop[-2]], robot[3])
    why = "group staff, its own default; models demo, its own -; rpm 60, its own 100: Ada's own tokens may no more"
    assert f"laptop: {why} (person show)" == lines[-1]
    assert why in terminal.ok("token", "show", "laptop").stdout
    warned = terminal.run("person", "set", "Ada", "--most-tokens", "1")
    warning = "aihub-lite: warning: Ada has 2 tokens: those go on working, and they make no more\n"
    assert (0, warning) == (warned.code, warned.stderr)
    # What was written is what is read again.
    file.write_text(terminal.ok("export").stdout, "utf-8")
    assert "self_made = true" in file.read_text("utf-8")
    assert "Nothing" in terminal.ok("apply", str(file)).stdout


def test_a_token_past_its_time_is_listed_as_expired(terminal: Terminal) -> None:
    file = terminal.directory.parent / "old.toml"
    file.write_text("[tokens.old]\nexpires = '2001-01-31'\n[tokens.new]\nexpires = '2127-01-31'\n", "utf-8")
    terminal.ok("apply", str(file))
    states = {line.split()[0]: line.split()[1] for line in terminal.ok("token", "list").stdout.splitlines()}
    assert {"NAME": "STATE", "old": "expired", "new": "enabled"} == states


def test_what_limits_a_person_a_team_and_a_token_is_said_in_words(terminal: Terminal) -> None:
    """With what is left of it, and the one that refuses first, whoever's it is."""
    terminal.ok("team", "create", "lab")
    terminal.ok("person", "create", "Ada", "--team", "lab")
    terminal.ok("token", "create", "t", "--person", "Ada", "--quota", "9")
    terminal.ok("budget", "set", "team:lab", "5/day")
    terminal.ok("credit", "add", "Ada", "7")
    first = "team lab: budget/day: $5.00 of $5.00 left, since 20"
    person = terminal.ok("person", "show", "Ada").stdout
    assert ("credit: $7.00 of $7.00 left, never refills" in person, first in person) == (True, True)
    for shown in (terminal.ok("team", "show", "lab").stdout, terminal.ok("token", "show", "t").stdout, person):
        assert (first in shown, "{" in shown) == (True, False)
