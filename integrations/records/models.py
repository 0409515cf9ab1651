"""All records."""

from integrations.records.fields import CustomField, CustomFieldOption
from integrations.records.loads import Load, PendingReference
from integrations.records.money import Attachment, DocumentType, Invoice, LineItem, Payment, TaxRate
from integrations.records.parties import Company, ContactEntry, Subsidiary
from integrations.records.people import Booking, Entitlement, Event, Person, Salary
from integrations.records.purchases import Expense, ExpenseLineItem, PurchaseOrder
from integrations.records.tasks import CalendarEvent, Folder, Task, TaskList, TimeEntry
from integrations.records.work import Deal, DealStatus, Pipeline, Project, ProjectTemplate, Service, ServiceType

__all__ = [
    "Attachment",
    "Booking",
    "CalendarEvent",
    "Company",
    "ContactEntry",
    "CustomField",
    "CustomFieldOption",
    "Deal",
    "DealStatus",
    "DocumentType",
    "Entitlement",
    "Event",
    "Expense",
    "ExpenseLineItem",
    "Folder",
    "Invoice",
    "LineItem",
    "Load",
    "Payment",
    "PendingReference",
    "Person",
    "Pipeline",
    "Project",
    "ProjectTemplate",
    "PurchaseOrder",
    "Salary",
    "Service",
    "ServiceType",
    "Subsidiary",
    "Task",
    "TaskList",
    "TaxRate",
    "TimeEntry",
]
