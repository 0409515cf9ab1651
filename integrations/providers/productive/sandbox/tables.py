"""What Productive publishes of each resource: attributes, relationships, and by what its list is narrowed and sorted.

Of attributes and relationships `*` marks those that may be written and `!` those that have to be; of relationships `-` those that are
never included, and `[]` those to many. Names and marks are those of Productive's own schema of its API; the columns in which an outside
exporter leaves its marks are described in its reference alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """`target` is a type of resources."""

    target: str
    writable: bool
    required: bool
    includable: bool
    many: bool


@dataclass(frozen=True)
class Table:
    path: str
    attributes: frozenset[str]
    writable: frozenset[str]
    required: frozenset[str]
    relations: dict[str, Relation]
    filters: frozenset[str]
    sorts: frozenset[str]


def _table(path: str, *, attributes: str, relations: str, filters: str, sorts: str) -> Table:
    names = attributes.split()
    return Table(
        path=path,
        attributes=frozenset(name.rstrip("*!") for name in names),
        writable=frozenset(name[:-1] for name in names if name[-1] in "*!"),
        required=frozenset(name[:-1] for name in names if name[-1] == "!"),
        relations=dict(_relation(text) for text in relations.split()),
        filters=frozenset(filters.split()),
        sorts=frozenset(sorts.split()),
    )


def _relation(text: str) -> tuple[str, Relation]:
    name, _colon, target = text.partition(":")
    marks = name[len(name.rstrip("*!-")) :]
    relation = Relation(
        target=target.removesuffix("[]"),
        writable="*" in marks or "!" in marks,
        required="!" in marks,
        includable="-" not in marks,
        many=target.endswith("[]"),
    )
    return name.rstrip("*!-"), relation


_TABLES = (
    _table(
        "subsidiaries",
        attributes="name!",
        relations="",
        filters="",
        sorts="name",
    ),
    _table(
        "companies",
        attributes="""
            name! custom_fields* default_currency billing_name default_subsidiary_id* company_code* vat* domain* due_days*
            contact* tag_list* created_at archived_at last_activity_at avatar_url* subscriber_ids* parent_company_id*
        """,
        relations="",
        filters="""
            name company_code vat due_days tags created_at archived_at last_activity_at subscriber_id parent_company_id
            status project_id
        """,
        sorts="name company_code created_at last_activity_at parent_company",
    ),
    _table(
        "contact_entries",
        attributes="""
            contactable_type* type! name! email* phone* website* address* city* state* zipcode* country* vat*
            billing_address* billing_email*
        """,
        relations="""
            company*:companies person*:people invoice*:invoices subsidiary*:subsidiaries purchase_order*:purchase_orders
        """,
        filters="contactable_type company_id person_id invoice_id subsidiary_id contactable_id",
        sorts="",
    ),
    _table(
        "people",
        attributes="""
            first_name* last_name* email! nickname* title* avatar_url agent contact status_emoji status_text
            status_expires_at last_seen_at hrm_type_id is_user* archived_at deactivated_at virtual placeholder joined_at
            availabilities custom_fields* autotracking*
        """,
        relations="""
            manager*:people custom_role*:roles company!:companies subsidiary*:subsidiaries teams*:teams[]
            approval_policy_assignment*:approval_policy_assignments
        """,
        filters="""
            email title hrm_type_id person_type status project_watching accessible_project_id subscribable_type
            subscribable_id deactivated_at manager_id company_id subsidiary_id
        """,
        sorts="email title last_seen_at joined_at manager company_name",
    ),
    _table(
        "salaries",
        attributes="""
            default_salary! started_on! ended_on* note* overhead! salary_type_id! currency! working_hours!
            alternating_hours* cost! hourly_rate
        """,
        relations="person!:people holiday_calendar*:holiday_calendars",
        filters="person_id",
        sorts="",
    ),
    _table(
        "events",
        attributes="name! description* event_type_id! limitation_type_id! absence_type* status*",
        relations="",
        filters="",
        sorts="",
    ),
    _table(
        "entitlements",
        attributes="start_date! end_date! allocated! used pending note*",
        relations="person!:people event!:events",
        filters="start_date end_date allocated used person_id event_id",
        sorts="start_date end_date person event",
    ),
    _table(
        "bookings",
        attributes="""
            time* started_on! ended_on! note* booking_method_id! percentage* stage_type* booking_type_id* draft*
            canceled_at custom_fields*
        """,
        relations="person!:people task*:tasks service*:services event*:events approver*:people",
        filters="""
            started_on ended_on note booking_type draft canceled after before approval_status company_id budget_id
            project_id billing_type_id person_id task_id event_id approver_id
        """,
        sorts="started_on draft",
    ),
    _table(
        "projects",
        attributes="""
            name! project_number created_at archived_at last_activity_at project_color_id* custom_fields* project_type_id!
        """,
        relations="company!:companies project_manager!:people workflow!:workflows",
        filters="""
            project_number created_at project_color status person_id project_type company_id responsible_id workflow_id
        """,
        sorts="name project_number created_at last_activity_at company_name",
    ),
    _table(
        "pipelines",
        attributes="name! pipeline_type_id* created_at icon_id* position*",
        relations="",
        filters="pipeline_type_id",
        sorts="",
    ),
    _table(
        "deal_statuses",
        attributes="""
            name! position! status_id! probability_enabled! probability! lost_reason_enabled! color_id* created_at
            archived_at time_tracking_enabled* expense_tracking_enabled* booking_tracking_enabled* used
        """,
        relations="pipeline!:pipelines",
        filters="pipeline_id",
        sorts="id name position status_id pipeline_id created_at",
    ),
    _table(
        "deals",
        attributes="""
            name! deal_number* deal_type_id! budget! date* end_date* probability* suffix* currency* custom_fields*
            editor_config* note* tag_list* lost_comment* purchase_order_number* color_id* created_at closed_at
            delivered_on* sales_closed_on* sales_status_updated_at last_activity_at revenue cost profit profit_margin
            budget_total budget_used worked_time estimated_time budgeted_time billable_time projected_revenue invoiced
            pending_invoicing previous_probability days_since_last_activity days_in_current_stage days_since_created
            time_approval* expense_approval* budget_warning* tracking_type_id*
        """,
        relations="""
            company!:companies responsible!:people project*:projects deal_status*:deal_statuses subsidiary!:subsidiaries
            contract*:contracts document_type*:document_types lost_reason*:lost_reasons pipeline*-:pipelines
            contact*:people creator:people
        """,
        filters="""
            name type company_id responsible_id project_id deal_status_id subsidiary_id date end_date contract_id
            lost_reason_id pipeline_id contact_id creator_id tags purchase_order_number color_id created_at closed_at
            delivered_on sales_closed_on last_activity_at revenue cost profit profit_margin budget_total budget_used
            worked_time estimated_time budgeted_time billable_time projected_revenue invoiced pending_invoicing
            previous_probability days_since_last_activity days_in_current_stage days_since_created time_approval
            budget_warning tracking_type_id status stage_status_id sales_status_id needs_closing needs_invoicing recurring
            budget_usage budget_remaining subscriber_id
        """,
        sorts="""
            name number company_name responsible_name project_name deal_status date end_date probability
            purchase_order_number created_at closed_at last_activity_at revenue cost profit profit_margin budget_total
            budget_used worked_time estimated_time budgeted_time billable_time projected_revenue invoiced
            pending_invoicing budget_warning
        """,
    ),
    _table(
        "service_types",
        attributes="name! description* archived_at",
        relations="",
        filters="name query status",
        sorts="",
    ),
    _table(
        "services",
        attributes="""
            name! position! billable! description* billing_type_id! unit_id! limitation_type* quantity! custom_fields*
            time_tracking_enabled* expense_tracking_enabled* booking_tracking_enabled* budget_cap_enabled* worked_time
            billable_time estimated_time* budgeted_time rolled_over_time* booked_time profit cost revenue price*
            budget_total budget_used
        """,
        relations="service_type!:service_types deal!:deals section!:sections",
        filters="billing_type unit service_type_id deal_id section_id person_id bookable_date query",
        sorts="name budget",
    ),
    _table(
        "folders",
        attributes="name!",
        relations="project!:projects",
        filters="status project_id",
        sorts="",
    ),
    _table(
        "task_lists",
        attributes="name! position* placement* archived_at",
        relations="project!:projects folder!:folders",
        filters="status project_id folder_id",
        sorts="project_name",
    ),
    _table(
        "tasks",
        attributes="""
            title! description* task_number type_id* start_date* due_date* private! closed created_at closed_at due_time*
            tag_list* initial_estimate* remaining_time* worked_time custom_fields* subscriber_ids* last_activity_at
            subtask_count open_subtask_count todo_count open_todo_count blocking_dependency_count
            waiting_on_dependency_count
        """,
        relations="""
            assignee*:people creator:people task_list!:task_lists project!:projects parent_task*:tasks
            workflow_status*:workflow_statuses attachments*:attachments[]
        """,
        filters="""
            title description task_number type_id task_type start_date due_date public_access created_at closed_at tags
            initial_estimate remaining_time worked_time assignee_id creator_id task_list_id project_id parent_task_id
            workflow_status_id workflow_status_category_id task_list_status board_status subscriber_id last_activity
        """,
        sorts="""
            id title task_number start_date due_date created_at closed_at initial_estimate remaining_time worked_time
            assignee_name task_list_name project_name workflow_status_name last_activity_at
        """,
    ),
    _table(
        "time_entries",
        attributes="""
            time! billable_time* date! note* cost* created_at currency* approved* approved_at* rejected* rejected_at*
            rejected_reason* submitted started_at* timer_started_at* timer_stopped_at* track_method_id calendar_event_id*
        """,
        relations="person!:people creator*:people approver*:people rejecter*:people service!:services task*:tasks",
        filters="date note approved_at person_id creator_id approver_id service_id task_id calendar_event_id",
        sorts="date person_name service_name",
    ),
    _table(
        "calendar_events",
        attributes="""
            name description start_date end_date start_time end_time event_type creator_name creator_email organizer_name
            organizer_email link calendar recurring_event_id created_at updated_at
        """,
        relations="person*:people",
        filters="start_date end_date integration_ids calendar_ids person_id",
        sorts="",
    ),
    _table(
        "tax_rates",
        attributes="""
            name! primary_component_name! primary_component_value! secondary_component_name* secondary_component_value*
        """,
        relations="subsidiary!:subsidiaries",
        filters="subsidiary_id",
        sorts="name subsidiary_name",
    ),
    _table(
        "document_types",
        attributes="""
            name! tax1_name* tax1_value* tax2_name* tax2_value* document_template_id* exportable_type_id* status*
            archived_at locale! note* footer*
        """,
        relations="subsidiary*:subsidiaries document_style*:string attachments*:attachments[]",
        filters="document_template_id exportable_type_id status subsidiary_id",
        sorts="",
    ),
    _table(
        "invoices",
        attributes="""
            number* subject* invoice_type_id* invoiced_on! pay_on* delivery_on* sent_on* paid_on finalized_on discount*
            currency! note* purchase_order_number* tag_list* exported* credited payment_terms amount amount_tax
            amount_with_tax amount_paid amount_unpaid amount_written_off amount_credited created_at custom_fields*
            exported_at export_integration_type_id export_id* export_invoice_url*
        """,
        relations="""
            company!:companies subsidiary*:subsidiaries document_type*:document_types bill_to:contact_entries
            bill_from:contact_entries creator:people issuer*:people parent_invoice*:invoices attachment*:attachments
        """,
        filters="""
            number invoice_type invoiced_on pay_on delivery_on sent_on paid_on currency purchase_order_number tags
            credited amount amount_with_tax created_at company_id subsidiary_id creator_id issuer_id parent_invoice_id
        """,
        sorts="""
            number subject invoiced_on pay_on delivery_on sent_on discount purchase_order_number credited amount
            amount_tax amount_with_tax amount_paid amount_written_off amount_credited created_at company_name
        """,
    ),
    _table(
        "line_items",
        attributes="""
            description! quantity! unit_id! unit_price! discount* position* tax_name tax_value amount amount_tax
            amount_with_tax currency
        """,
        relations="""
            invoice!:invoices service*:services expense*:expenses service_type*:service_types tax_rate!:tax_rates
            kpd_code*:kpd_codes
        """,
        filters="description unit_id tax_name tax_value invoice_id service_id expense_id service_type_id",
        sorts="",
    ),
    _table(
        "payments",
        attributes="paid_on* written_off_on* note* external_id currency amount!",
        relations="invoice!:invoices",
        filters="paid_on written_off_on external_id amount invoice_id",
        sorts="paid_on written_off_on note amount",
    ),
    _table(
        "expenses",
        attributes="""
            name! date! pay_on* paid_on* position* invoiced* approved* approved_at* rejected* rejected_at*
            rejected_reason* reimbursable* reimbursed_on* quantity* quantity_received* draft* currency! amount*
            total_amount billable_amount* profit expense_line_items* custom_fields* created_at tax_inclusion* markup*
            amount_with_tax total_amount_with_tax recognized_revenue exchange_rate exported* exported_at
            export_integration_type_id export_id* export_url*
        """,
        relations="""
            expense_line_items:expense_line_items deal*:deals service_type*:service_types person*:people vendor*:companies
            service!:services tax_rate*:tax_rates attachment*:attachments creator:people approver:people rejecter:people
            purchase_order*:purchase_orders invoice_attribution*:invoice_attributions
        """,
        filters="""
            deal_id service_type_id person_id vendor_id service_id tax_rate_id attachment_id creator_id approver_id
            purchase_order_id invoice_id created_at amount_with_tax recognized_revenue company_id project_id
            responsible_id status invoicing_status approval_status reimbursement
        """,
        sorts="""
            id name date pay_on paid_on draft amount billable_amount profit deal_name service_type_name service_name
            tax_rate_id created_at amount_with_tax recognized_revenue
        """,
    ),
    _table(
        "expense_line_items",
        attributes="name! quantity! unit_price position*",
        relations="tax_rate*:tax_rates expense!:expenses",
        filters="tax_rate_id expense_id",
        sorts="",
    ),
    _table(
        "purchase_orders",
        attributes="""
            number* subject* status_id* issued_on! delivery_on* sent_on* received_on note* footer currency!
            payment_status_id sent_status exchange_rate exported exported_at total_cost total_cost_with_tax total_received
            created_at
        """,
        relations="vendor*:companies deal!:deals creator:people document_type*:document_types attachment*:attachments",
        filters="""
            number status_id issued_on delivery_on sent_on received_on currency payment_status_id sent_status total_cost
            total_cost_with_tax total_received created_at vendor_id deal_id creator_id
        """,
        sorts="""
            id number status_id issued_on delivery_on sent_on received_on payment_status_id sent_status total_cost
            total_cost_with_tax total_received created_at vendor deal_name
        """,
    ),
    _table(
        "attachments",
        attributes="name! content_type! size! url! created_at! attachment_type! attachable_type* attachable_id*",
        relations="creator!:people task!-:tasks deal!-:deals page!-:pages expense!-:expenses comment!-:comments",
        filters="creator_id task_id page_id comment_id",
        sorts="id",
    ),
    _table(
        "custom_fields",
        attributes="""
            name! description* data_type_id! customizable_type! global! required! position! sensitive! archived_at
            aggregation_type_id* formatting_type_id*
        """,
        relations="project*:projects section*:custom_field_sections options:custom_field_options[] survey*:surveys",
        filters="customizable_type global project_id",
        sorts="",
    ),
    _table(
        "custom_field_options",
        attributes="name! position! archived_at* color_id*",
        relations="custom_field!-:custom_fields",
        filters="custom_field_id",
        sorts="",
    ),
    _table(
        "organizations",
        attributes="""
            name! time_zone! week_start_day_id* fiscal_year_start* flags* release_channel* currency! working_hours*
            man_day_minutes* locale* date_format_id* time_format_id* number_format_id* addons* subsidiary_count*
            expense_settings*
        """,
        relations="company:companies owner:people organization_subscription:organization_subscriptions",
        filters="",
        sorts="name",
    ),
    _table(
        "deleted_items",
        attributes="name location item_id item_type* created_at recovered_at",
        relations="deleter:people",
        filters="item_type",
        sorts="name location created_at",
    ),
)
TABLES = {table.path: table for table in _TABLES}
READ_ONLY = frozenset({"organizations", "deleted_items", "calendar_events"})
"""Nobody makes or changes these by the API."""
