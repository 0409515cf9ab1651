"""No message costs much more than a genuine one, whatever is in it; and two kinds of failure look the same."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from integrations.providers.saml.configuring import config_of
from tests.providers.saml.conftest import SignOnScene
from tests.providers.saml.corpus import denial, encryption, signatures  # noqa: F401
from tests.providers.saml.corpus.variants import VARIANTS, Stage, Variant

AT_MOST = 20
"""Times a genuine response, which is verified, decrypted or not, and remembered."""
DENIALS = [variant for variant in VARIANTS.values() if variant.family == denial.FAMILY]


def cost(act: Any) -> float:
    """Processor seconds, the least of three times: what else the machine does is not counted."""
    found = []
    for _ in range(3):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return min(found)


@pytest.mark.parametrize("variant", DENIALS, ids=[variant.name for variant in DENIALS])
def test_a_message_costs_at_most_twenty_genuine_ones(variant: Variant, scene: SignOnScene) -> None:
    """The messages are made before: only taking them in is measured."""
    config_of(scene.integration)
    stage = Stage(scene)
    stage.set_out()
    held: list[str] = []
    brings = stage.brings
    stage.brings = lambda response, relay=None: held.append(response)  # type: ignore[method-assign]
    variant.act(stage)
    genuine = stage.response()
    refused = cost(lambda: brings(held[0]))

    def sign_on() -> None:
        scene.signs_on()

    honest = cost(sign_on)
    brings(genuine)
    assert refused < AT_MOST * honest, f"{refused / honest:.1f} times"


def test_a_wrong_signature_and_a_failed_decryption_look_the_same(scene: SignOnScene) -> None:
    answers = []
    for name in ("wrong_key", "ciphertext_flipped", "wrapped_key_flipped", "signed_by_a_stranger_inside"):
        stage = Stage(scene)
        stage.set_out()
        answer = VARIANTS[name].act(stage)
        page = re.sub(r"<code>\w{8}</code>", "", answer.content.decode())
        answers.append((answer.status_code, page, sorted(answer.headers)))
    assert answers.count(answers[0]) == len(answers)
