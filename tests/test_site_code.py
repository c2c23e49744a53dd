"Code and tables of the site on a phone: what wraps can still be read."
import pytest
from built import pages, urls
from visits import found

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group('test_site_browser')]  # which visits the same pages


@pytest.mark.parametrize('url', urls)
def test_code_keeps_its_indentation(found, url): assert found(url).flush == []


@pytest.mark.parametrize('url', urls)
def test_no_line_of_code_is_left_empty(found, url): assert found(url).empty == []


@pytest.mark.parametrize('url', urls)
def test_a_remark_stays_in_one_piece(found, url): assert found(url).beside == []


@pytest.mark.parametrize('url', urls)
def test_each_cell_of_a_stacked_row_says_what_it_is(found, url): assert found(url).unnamed == []
