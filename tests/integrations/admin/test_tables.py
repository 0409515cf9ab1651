from django.utils.safestring import SafeString

from integrations.templatetags.tables import labelled


def test_cells_are_told_their_column_for_narrow_screens() -> None:
    headers = [{"text": SafeString('<input type="checkbox">')}, {"text": "number"}, {"text": 'net "total"'}]
    cells = [SafeString(cell) for cell in ("<td>☐</td>", '<th class="a">1</th>', '<td class="b">2</td>', "<td>id</td>")]
    assert list(labelled(cells, headers)) == [
        "<td>☐</td>",
        '<th class="a">1</th>',
        '<td data-label="Net &quot;total&quot;" class="b">2</td>',
        "<td>id</td>",
    ]
