"""Whatever is wrong with a file is one sentence that says where, and nothing changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.admin.desk import Desk, at_desk

CHANNEL = '[channels.one]\ntype = "openai"\nkeys = ["env:K"]\nmodels = ["gpt-5"]\n'
DIGEST = "0" * 64
WRONG = {
    "no TOML": ("rpm = = 1\n", "The file is not valid TOML: Invalid value (at line 1, column 7)"),
    "no section": ("[tokns.ci]\n", "tokns: is not known: did you mean tokens?"),
    "no field": ("[tokens.ci]\nrmp = 5\n", "tokens.ci.rmp: is not known: did you mean rpm?"),
    "no setting": ("[settings]\nretention = 5\n", "settings.retention: is not known: did you mean retention_days?"),
    "no field of a key": (
        CHANNEL.replace('["env:K"]', '[{ key = "env:K", rmp = 1 }]'),
        "channels.one.keys.0.rmp: is not known: did you mean rpm?",
    ),
    "no rate": (
        '[prices.m]\nservices.flex = { inputs = "1" }\n',
        "prices.m.services.flex.inputs: is not known",
    ),
    "a wrong type": ('[tokens.ci]\nrpm = "fast"\n', "tokens.ci.rpm: must be a whole number"),
    "a wrong type inside": ("[routes.r]\nsteps = [{ model = 5 }]\n", "routes.r.steps.0.model: must be a string"),
    "no table": ("tokens = 5\n", "tokens: must be a table, [tokens]"),
    "no table of a name": ("[tokens]\nci = 5\n", "tokens.ci: must be a table, [tokens.ci]"),
    "an alias that is no text": ("[aliases]\nfast = 5\n", "aliases.fast: must be a string"),
    "a limit that cannot be": ("[tokens.ci]\nrpm = -1\n", "tokens.ci.rpm: must be between 0 and"),
    "a name that cannot be": ('[tokens."a/b"]\n', 'tokens."a/b".name: must begin with a letter or digit'),
    "one name twice": ("[tokens.ci]\n[tokens.ci]\n", "The file is not valid TOML: Cannot declare"),
    "two names alike": ("[tokens.ci]\n[tokens.CI]\n", "tokens.CI.name: there is already a token 'CI'"),
    "two digests alike": (
        f'[tokens.a]\ndigest = "{DIGEST}"\n[tokens.b]\ndigest = "{DIGEST}"\n',
        "tokens.b.digest: is that of the token 'a'",
    ),
    "a digest that is none": ('[tokens.a]\ndigest = "sk-abc"\n', "tokens.a.digest: must be the SHA-256 of a key"),
    "a span": ('[tokens.a]\nexpires = "30d"\n', "tokens.a.expires: must be a date like 2027-01-31"),
    "an alias to nothing": (f'{CHANNEL}[aliases]\nfast = "gpt-6"\n', "aliases.fast: no channel offers 'gpt-6'"),
    "an alias of itself": ('[aliases]\na = "b"\nb = "a"\n', "aliases.b.model: 'a' leads back to 'b'"),
    "nobody": ('[tokens.a]\nperson = "Ada"\n', "tokens.a.person: There is no person 'Ada'."),
    "no team": ('[people.Ada]\nteam = "x"\n', "people.Ada.team: There is no team 'x'."),
    "no provider": ('[channels.one]\ntype = "opnai"\n', "channels.one.type: 'opnai' is not one of"),
    "a key that is left out": (
        CHANNEL.replace('["env:K"]', '[{ id = "k1" }]'),
        "channels.one.keys.0.key: is left out, and the channel has none of this id",
    ),
    "a budget": ('[gateway]\nbudgets = ["lots"]\n', "gateway.budget: 'lots' is not like 5/day"),
    "a strategy": ('[strategies]\ngpt-5 = "best"\n', "strategies.gpt-5.strategy: must be one of"),
    "no origin": (CHANNEL + 'origin = "moon"\n', "channels.one.origin: must be one of"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_sentence_and_changes_nothing(name: str, tmp_path: Path) -> None:
    text, expected = WRONG[name]
    before = "[settings]\nrpm = 7\n"
    document = f"[teams.first]\n{text}" if "settings" in text else f"{before}{text}"
    if name in ("no TOML", "no table"):
        document = text

    async def story(desk: Desk) -> None:
        for query in ("?dry_run=true", "", "?prune=true"):
            message = await desk.refused("POST", f"/apply{query}", {"document": document})
            assert message.startswith(expected), message
            assert "\n" not in message
        assert {} == desk.gateway.live_settings.stored
        assert ([], {}) == (desk.gateway.registry.tokens.all, desk.gateway.people.teams)
        assert [] == (await desk.call("GET", "/audit"))["audit"]
        assert [] == await desk.gateway.database.read("SELECT name FROM tokens UNION SELECT name FROM settings")

    at_desk(tmp_path, story, {"K": "sk-a"})


def test_the_last_owner_cannot_be_made_a_member(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.call("POST", "/apply", {"document": '[people.Ada]\nrole = "owner"\n'})
        message = await desk.refused("POST", "/apply", {"document": "[people.Ada]\n"})
        assert message == "people.Ada: 'Ada' is the last owner: make another person one first."

    at_desk(tmp_path, story)
