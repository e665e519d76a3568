//! The page in a real browser: what it shows, how it filters, that it can be used by keyboard, light and dark.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

#[path = "support/browser.rs"]
mod browser;
mod support;

use browser::Browser;
use openapi_compare::{Report, compare};
use serde_json::{Value, json};
use support::{api, document};

/// Two operations in two groups, a schema in both, all three levels.
fn report() -> Report {
    let side = |limit: u32, kind: &str, note: bool| {
        let mut value = api(&json!({
            "Thing": {"type": "object", "properties": {
                "size": {"type": "integer", "maximum": limit},
                "state": {"type": kind},
            }},
        }));
        value["paths"]["/other"] = json!({"get": {"tags": ["Others"], "responses": {"200": {"description": "", "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}}});
        if note {
            value["paths"]["/other"]["get"]["parameters"] =
                json!([{"name": "<i>note</i>", "in": "query", "schema": {"type": "string"}}]);
        }
        value
    };
    compare(&document("old", side(9, "string", false)), &document("new", side(10, "integer", true))).unwrap()
}

const SHOWN: &str = "[...document.querySelectorAll('.change')].filter((it) => it.checkVisibility()).length";

#[test]
fn the_page_works_in_a_browser() {
    let Some(mut page) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let report = report();
    std::fs::write(&path, report.html()).unwrap();
    page.open(&path);

    shows_all(&mut page, &report);
    filters(&mut page, &report);
    takes_the_keyboard(&mut page);
    is_light_and_dark(&mut page);
    fits_small_screens(&mut page);
    // Beside itself the page has asked for nothing.
    assert!(page.requests.iter().all(|url| url.starts_with("file://") || url == "about:blank"), "{:?}", page.requests);
}

fn shows_all(page: &mut Browser, report: &Report) {
    let counts = report.counts();
    assert!(counts.breaking > 0 && counts.warning > 0 && counts.compatible > 0, "{counts}");
    let shown = page.evaluate("[...document.querySelectorAll('.counts b')].map((it) => Number(it.textContent))");
    assert_eq!(shown, json!([counts.breaking, counts.warning, counts.compatible]));
    assert_eq!(page.evaluate(SHOWN), report.changes.len());
    // The areas add up to the same.
    let sums = "[1, 2, 3].map((column) => [...document.querySelectorAll('#areas + .scroll tbody tr')]
        .reduce((sum, row) => sum + Number(row.cells[column].textContent), 0))";
    assert_eq!(page.evaluate(sums), shown);
    // Names in the documents are text.
    assert_eq!(page.evaluate("document.querySelectorAll('i').length"), 0);
    assert_eq!(page.evaluate("document.body.textContent.includes('<i>note</i>')"), true);
    // The schema that changed stands before and after, side by side, with what differs marked.
    page.evaluate("document.querySelectorAll('.group > details').forEach((it) => it.open = true)");
    let cells =
        |class: &str| format!("[...document.querySelectorAll('.sides td.{class}')].map((it) => it.textContent.trim())");
    let gone = page.evaluate(&cells("gone"));
    let came = page.evaluate(&cells("came"));
    assert!(gone.as_array().unwrap().contains(&json!("\"maximum\": 9,")), "{gone}");
    assert!(came.as_array().unwrap().contains(&json!("\"maximum\": 10,")), "{came}");
    let same_row = "[...document.querySelectorAll('.sides tr')].some((row) =>
        row.cells[0].textContent.includes('maximum\": 9') && row.cells[1].textContent.includes('maximum\": 10'))";
    assert_eq!(page.evaluate(same_row), true);
}

fn filters(page: &mut Browser, report: &Report) {
    let all = report.changes.len();
    let counts = report.counts();
    let set = |selector: &str, value: &str| {
        format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.value = {value:?};
               it.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
        )
    };
    page.evaluate("document.querySelector('[value=compatible]').click()");
    assert_eq!(page.evaluate(SHOWN), counts.breaking + counts.warning);
    page.evaluate("document.querySelector('[value=warning]').click()");
    assert_eq!(page.evaluate(SHOWN), counts.breaking);
    let said = format!("{} of {all} changes", counts.breaking);
    assert_eq!(page.evaluate("document.querySelector('#found').textContent"), said);
    page.evaluate("document.querySelector('[type=reset]').click()");
    page.evaluate("new Promise((done) => setTimeout(done))");
    assert_eq!(page.evaluate(SHOWN), all);

    let groups = page.evaluate("[...document.querySelectorAll('#group option')].map((it) => it.value)");
    assert_eq!(groups, json!(["", "Others", "Things"]));
    let in_group = |name: &str| report.changes.iter().filter(|change| report.groups(change).contains(&name)).count();
    for name in ["Others", "Things"] {
        page.evaluate(&set("#group", name));
        assert_eq!(page.evaluate(SHOWN), in_group(name), "{name}");
        assert!(in_group(name) > 0);
    }
    assert_ne!(in_group("Things"), all);
    page.evaluate(&set("#group", ""));
    page.evaluate(&set("#search", "MAXIMUM loosened"));
    assert_eq!(page.evaluate(SHOWN), 2);
    page.evaluate(&set("#search", "no such words"));
    assert_eq!(page.evaluate(SHOWN), 0);
    assert_eq!(page.evaluate("[...document.querySelectorAll('.group')].every((it) => it.hidden)"), true);
    page.evaluate(&set("#search", ""));
    assert_eq!(page.evaluate(SHOWN), all);
}

/// Everything can be reached and used by keys alone, and one sees where one is.
fn takes_the_keyboard(page: &mut Browser) {
    page.evaluate(
        "document.activeElement.blur(); document.querySelectorAll('details').forEach((it) => it.open = false)",
    );
    page.press("/");
    assert_eq!(page.evaluate("document.activeElement.id"), "search");
    for key in ["n", "o", "t", "e", "/"] {
        page.press(key);
    }
    assert_eq!(page.evaluate("document.activeElement.value"), "note/");
    page.evaluate("document.querySelector('[type=reset]').click(); document.activeElement.blur()");
    page.evaluate("new Promise((done) => setTimeout(done))");

    // From the top: the first thing is the way past everything.
    page.evaluate("window.getSelection().removeAllRanges(); document.querySelector('.skip').focus()");
    assert_eq!(page.evaluate("document.activeElement.getBoundingClientRect().left >= 0"), true);
    let mut seen: Vec<Value> = Vec::new();
    for _ in 0..60 {
        page.press("Tab");
        let here =
            page.evaluate("document.activeElement.name || document.activeElement.id || document.activeElement.tagName");
        if here == "BODY" {
            break;
        }
        let outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
        assert_eq!(outline, "solid", "{here}");
        seen.push(here);
    }
    for control in ["level", "group", "search", "BUTTON", "SUMMARY"] {
        assert!(seen.iter().any(|it| it == control), "{control} is not reached: {seen:?}");
    }
    page.evaluate("document.querySelector('[value=breaking]').focus()");
    page.press(" ");
    assert_eq!(page.evaluate("document.querySelector('[value=breaking]').checked"), false);
    page.press(" ");
    page.evaluate("document.querySelector('.group > details > summary').focus()");
    page.press("Enter");
    assert_eq!(page.evaluate("document.querySelector('.group > details').open"), true);
    // Every control says what it is.
    let unnamed = "[...document.querySelectorAll('input, select, button')].filter((it) => !it.labels?.length && !it.textContent).length";
    assert_eq!(page.evaluate(unnamed), 0);
}

/// All text can be told from what it stands on (WCAG AA, 4.5 to 1), light and dark.
fn is_light_and_dark(page: &mut Browser) {
    const CONTRAST: &str = "(() => {
        const light = ([r, g, b]) => [r, g, b].map((it) => it / 255)
            .map((it) => it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4)
            .reduce((sum, it, index) => sum + it * [0.2126, 0.7152, 0.0722][index], 0);
        const colour = (text) => text.match(/[\\d.]+/g).map(Number);
        const paper = (it) => {
            for (; it; it = it.parentElement) {
                const found = colour(getComputedStyle(it).backgroundColor);
                if (found.length === 3 || found[3] === 1) return found;
            }
            return colour(getComputedStyle(document.documentElement).backgroundColor);
        };
        document.querySelectorAll('details').forEach((it) => it.open = true);
        return [...document.querySelectorAll('body *')]
            .filter((it) => it.checkVisibility() && [...it.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
            .filter((it) => !it.matches('script, option, td.none'))
            .map((it) => {
                const [one, other] = [light(colour(getComputedStyle(it).color)), light(paper(it))].sort((a, b) => b - a);
                return [it.className + ' ' + it.textContent.slice(0, 20), (one + 0.05) / (other + 0.05)];
            })
            .filter(([, contrast]) => contrast < 4.5);
    })()";
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        page.call("Emulation.setEmulatedMedia", features);
        papers.push(page.evaluate("getComputedStyle(document.body).backgroundColor"));
        assert_eq!(page.evaluate(CONTRAST), json!([]), "{scheme}");
    }
    assert_ne!(papers[0], papers[1]);
}

/// Nothing has to be scrolled sideways on a telephone.
fn fits_small_screens(page: &mut Browser) {
    let size = json!({"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": false});
    page.call("Emulation.setDeviceMetricsOverride", size);
    let widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
    assert_eq!(widths[0], widths[1]);
    assert!((300.0..=360.0).contains(&widths[1].as_f64().unwrap()), "{widths}");
}
