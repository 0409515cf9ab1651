"""The work that the clients order: pipelines, deals, projects, and budgets with their services."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.demo.cast import Sold
from integrations.demo.house import House, Party
from integrations.demo.shelf import Shelf
from integrations.records.choices import (
    BillingType,
    DealType,
    PipelineType,
    ProjectType,
    ServiceLimitation,
    StageStatus,
    TaskType,
    TrackingType,
    Unit,
)
from integrations.records.models import Deal, DealStatus, Folder, Pipeline, Project, ProjectTemplate, Service, Task, TaskList

STAGES = {
    ("Sales", PipelineType.SALES): (
        ("Lead", StageStatus.OPEN, "20"),
        ("Proposal sent", StageStatus.OPEN, "50"),
        ("Won", StageStatus.WON, "100"),
        ("Lost", StageStatus.LOST, "0"),
    ),
    ("Production", PipelineType.PRODUCTION): (
        ("In progress", StageStatus.OPEN, ""),
        ("Delivered", StageStatus.DELIVERED, ""),
    ),
}
LEADS = ("Website care", "Design system", "Audio guide", "Anniversary book")
TASKS = ("Kick-off", "First draft", "Review with the client", "Handover")


@dataclass(frozen=True)
class Budget:
    """One client's budget, and what it consists of."""

    client: Party
    project: Project
    deal: Deal
    services: list[tuple[Sold, Service]]


def sell(shelf: Shelf, house: House) -> list[Budget]:
    """A budget for each project of the clients, and a few open deals."""
    statuses = _stages(shelf)
    orders = [(client, name) for client in house.clients for name in client.business.projects]
    projects = shelf.put(
        Project,
        [
            {
                "name": name,
                "project_number": str(number),
                "project_type_id": ProjectType.CLIENT,
                "company": client.company,
                "project_manager": house.staff[number % len(house.staff)],
                "custom_fields": {house.practice_lead.productive_id: str(house.staff[-1])},
                "created_at": shelf.morning(shelf.working_day(200 - number)),
            }
            for number, (client, name) in enumerate(orders, 1)
        ],
    )
    shelf.put(ProjectTemplate, [{"name": f"{name} project", "target_type": "project"} for name in ("Website", "Campaign")])
    deals = shelf.put(
        Deal,
        [
            _deal(house, client, project.name, number)
            | {
                "budget": True,
                "project": project,
                "date": shelf.working_day(190 - number),
                "tracking_type_id": TrackingType.ALL_SERVICES,
                "deal_status": statuses["In progress"],
                "pipeline": statuses["In progress"].pipeline,
            }
            for number, ((client, _name), project) in enumerate(zip(orders, projects, strict=True), 1)
        ],
    )
    _leads(shelf, house, statuses)
    _tasks(shelf, house, projects[:4])
    budgets = [Budget(client, project, deal, []) for (client, _name), project, deal in zip(orders, projects, deals, strict=True)]
    _services(shelf, house, budgets)
    return budgets


def _stages(shelf: Shelf) -> dict[str, DealStatus]:
    pipelines = shelf.put(
        Pipeline, [{"name": name, "pipeline_type_id": kind, "position": place} for place, (name, kind) in enumerate(STAGES, 1)]
    )
    return {
        status.name: status
        for pipeline, stages in zip(pipelines, STAGES.values(), strict=True)
        for status in shelf.put(
            DealStatus,
            [
                {
                    "name": name,
                    "status_id": stage,
                    "position": place,
                    "probability_enabled": bool(probability),
                    "probability": Decimal(probability) if probability else None,
                    "time_tracking_enabled": pipeline.pipeline_type_id == PipelineType.PRODUCTION,
                    "pipeline": pipeline,
                }
                for place, (name, stage, probability) in enumerate(stages, 1)
            ],
        )
    }


def _deal(house: House, client: Party, name: str, number: int) -> dict[str, Any]:
    return {
        "name": name,
        "deal_number": str(number),
        "deal_type_id": DealType.CLIENT,
        "currency": client.business.currency,
        "company": client.company,
        "contact": client.contact,
        "responsible": house.staff[number % len(house.staff)],
        "subsidiary": house.subsidiary,
    }


def _leads(shelf: Shelf, house: House, statuses: dict[str, DealStatus]) -> None:
    chance = shelf.chance("leads")
    shelf.put(
        Deal,
        [
            _deal(house, client, name, number)
            | {
                "budget": False,
                "date": shelf.working_day(chance.randrange(5, 60)),
                "deal_status": status,
                "pipeline": status.pipeline,
                "probability": status.probability,
                "projected_revenue": Decimal(chance.randrange(16, 120) * 250),
            }
            for number, (name, client, status) in enumerate(zip(LEADS, house.clients, statuses.values(), strict=False), 501)
        ],
    )


def _services(shelf: Shelf, house: House, budgets: list[Budget]) -> None:
    """Three to five services for each budget, of different types."""
    chance = shelf.chance("services")
    wanted = [
        (budget, place, *house.sold[name])
        for budget in budgets
        for place, name in enumerate(chance.sample(list(house.sold), min(len(house.sold), chance.randrange(3, 6))), 1)
    ]
    services = shelf.put(
        Service,
        [
            {
                "name": sold.name,
                "description": sold.description,
                "position": place,
                "billable": True,
                "billing_type_id": BillingType.ACTUALS if sold.unit_id == Unit.HOUR else BillingType.FIXED,
                "unit_id": sold.unit_id,
                "quantity": Decimal(chance.randrange(20, 120) if sold.unit_id == Unit.HOUR else chance.randrange(1, 6)),
                "limitation_type": ServiceLimitation.NONE,
                "currency": budget.deal.currency,
                "price": sold.price,
                "time_tracking_enabled": sold.unit_id == Unit.HOUR,
                "booking_tracking_enabled": sold.unit_id == Unit.HOUR,
                "expense_tracking_enabled": sold.unit_id == Unit.PIECE,
                "deal": budget.deal,
                "service_type": service_type,
            }
            for budget, place, sold, service_type in wanted
        ],
    )
    for (budget, _place, sold, _type), service in zip(wanted, services, strict=True):
        budget.services.append((sold, service))


def _tasks(shelf: Shelf, house: House, projects: list[Project]) -> None:
    chance = shelf.chance("tasks")
    folders = shelf.put(Folder, [{"name": "Board", "project": project} for project in projects])
    lists = shelf.put(TaskList, [{"name": "To do", "position": 1, "project": folder.project, "folder": folder} for folder in folders])
    shelf.put(
        Task,
        [
            {
                "title": title,
                "task_number": str(number),
                "type_id": TaskType.TASK,
                "due_date": shelf.working_day(14 - number * 7),
                "initial_estimate": chance.randrange(1, 16) * 60,
                "project": task_list.project,
                "task_list": task_list,
                "assignee": house.staff[number % len(house.staff)],
                "created_at": shelf.morning(shelf.working_day(40)),
            }
            for task_list in lists
            for number, title in enumerate(TASKS, 1)
        ],
    )
