"""The proofs of this folder are worth as much as what there is to be seen: everything of every kind, under names of its own."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models

from accounts.tenancy import OrganizationOwned
from tests.isolation.addresses import Address, every_address
from tests.isolation.estates import ROWS, Estate, Unfillable, owned_models, rows_of
from tests.isolation.scene import Scene
from tests.isolation.tables import columns, everything


@pytest.mark.parametrize(
    "model", [model for model in apps.get_models() if issubclass(model, OrganizationOwned)], ids=lambda model: model.__name__
)
def test_both_organizations_have_rows_of_every_model_under_the_same_numbers(scene: Scene, model: type[OrganizationOwned]):
    for estate in (scene.ours, scene.theirs):
        assert set(estate.ids_of(model)) <= set(rows_of(estate, model))


@pytest.mark.parametrize("model", list(admin.site._registry), ids=lambda model: model.__name__)
def test_whatever_the_admin_shows_is_there_in_both_organizations(scene: Scene, model: type[models.Model]):
    for estate in (scene.ours, scene.theirs):
        assert estate.first_id in set(rows_of(estate, model))


def test_every_state_that_a_row_can_be_in_is_there(scene: Scene):
    for model in owned_models():
        for column in model._meta.concrete_fields:
            states = set(dict(column.flatchoices))
            if states and len(states) <= ROWS and column.name != "origin":
                assert set(model.everywhere.filter(organization=scene.theirs.organization).values_list(column.name, flat=True)) == states


def test_nearly_every_text_of_theirs_is_a_word_that_nobody_else_has(scene: Scene):
    ours, theirs = (
        [value for _t, _c, pk, value in everything() if isinstance(value, str) and pk in estate.ids]
        for estate in (scene.ours, scene.theirs)
    )
    assert sum(bool(scene.theirs.traces.search(text)) for text in theirs) > 1_000
    assert not [text for text in ours if scene.theirs.traces.search(text)]
    assert not [text for text in theirs if scene.ours.traces.search(text)]


def test_every_table_is_looked_at(scene: Scene):
    assert {model._meta.db_table for model in apps.get_models()} <= columns().keys()


def test_a_field_that_nobody_can_fill_is_named(scene: Scene):
    class Shape(models.Field):  # type: ignore[type-arg]
        pass

    column = Shape()
    column.set_attributes_from_name("outline")
    column.model = owned_models()[0]
    with pytest.raises(Unfillable, match=r"accounts\.Membership\.outline \(Shape\) cannot be filled: add what it holds to KNOWN"):
        Estate("", "Word", 1, 1, "")._made_up(column, 0)


def test_a_parameter_that_nobody_knows_is_named():
    with pytest.raises(LookupError, match=r"Say in WORDS of tests/isolation/addresses.py what stands for <shape> in /shapes/<shape>/"):
        list(Address("/shapes/<shape>/", "shapes/{shape}/", {"shape": "slug"}, "", "").paths(1))


def test_the_urlconf_is_walked_to_its_ends():
    routes = {address.route for address in every_address()}
    assert {"/", "/login/", "/connect/<pk>/", "/admin/runs/<pk>/rows.csv", "/admin/accounts/membership/<object_id>/change/"} <= routes
