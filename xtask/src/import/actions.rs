//! Actions written into the text of an overlay, which is otherwise left as people wrote it.

use std::fmt::Write as _;

use serde_json::Value;

use super::carry::Action;
use crate::failure::Failure;
use crate::overlay::Overlay;

/// The overlay of an API that has none yet.
pub(super) fn empty(api: &str) -> String {
    format!(
        "overlay: 1.0.0\ninfo:\n  title: Descriptions and corrections for api-version {api}\n  version: 1.0.0\nactions: []\n"
    )
}

/// The text with further actions. They come before all others, which correct what they find: so it was when
/// the document itself had the marks.
pub(super) fn add(text: &str, name: &str, actions: &[Action]) -> Result<String, Failure> {
    if actions.is_empty() {
        return Ok(text.to_owned());
    }
    let unusual = || {
        Failure::new(
            "the marks cannot be carried over into the overlay: its `actions` are not a list in lines",
            name,
            "write `actions:` on a line, and each action on lines of its own",
        )
    };
    let before = Overlay::parse(text, name).map_err(|error| Failure::new(error.to_string(), name, "correct it"))?;
    let line = text.lines().find(|line| line.starts_with("actions:")).ok_or_else(unusual)?;
    let begin = text.find(&format!("\n{line}")).map_or(0, |index| index + 1);
    let rest = text[begin + line.len()..].strip_prefix('\n').unwrap_or_default();
    let is_empty = line.trim_end() == "actions: []";
    if !is_empty && line.trim_end() != "actions:" {
        return Err(unusual());
    }
    let first = rest.lines().map(str::trim_end).find(|line| line.trim_start().starts_with("- "));
    let indent = match first {
        Some(first) if !is_empty => " ".repeat(first.len() - first.trim_start().len()),
        _ => "  ".to_owned(),
    };
    let mut made = format!(
        "{}actions:\n{indent}# ---- what the document before it said and the service does not publish\n",
        &text[..begin]
    );
    for action in actions {
        let _ = writeln!(made, "{indent}- target: {}", Value::from(action.target.as_str()));
        let _ = writeln!(made, "{indent}  description: carried over from the document before");
        match &action.update {
            Some(update) => {
                let _ = write!(made, "{indent}  update:");
                block(&mut made, update, indent.len() + 4);
            }
            None => {
                let _ = writeln!(made, "{indent}  remove: true");
            }
        }
    }
    if !is_empty && !rest.trim().is_empty() {
        made.push('\n');
    }
    made.push_str(rest);
    // People may have written it in a way that this does not foresee.
    match Overlay::parse(&made, name) {
        Ok(after) if after.len() == before.len() + actions.len() => Ok(made),
        _ => Err(unusual()),
    }
}

/// A value as YAML behind a key or a dash, with its end of line. It comes from a document, so it is bounded in depth.
fn block(text: &mut String, value: &Value, indent: usize) {
    let spaces = " ".repeat(indent);
    match value {
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            for (key, value) in members {
                let _ = write!(text, "{spaces}{}:", self::key(key));
                block(text, value, indent + 2);
            }
        }
        // Lists of events are long: a line for each.
        Value::Array(elements) if elements.iter().any(|element| element.is_object() || element.is_array()) => {
            text.push('\n');
            for element in elements {
                let _ = writeln!(text, "{spaces}- {element}");
            }
        }
        other => {
            let _ = writeln!(text, " {other}");
        }
    }
}

fn key(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && !["null", "true", "false"].contains(&name.to_ascii_lowercase().as_str());
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn action(target: &str, update: Value) -> Action {
        Action { target: target.to_owned(), update: Some(update) }
    }

    /// What an overlay makes of a document.
    fn applied(text: &str, mut document: Value) -> Value {
        Overlay::parse(text, "a.yaml").unwrap().apply(&mut document).unwrap();
        document
    }

    #[test]
    fn actions_come_first_and_say_what_they_were_given() {
        let update = json!({
            "x-paging": { "items": "data", "params": ["a", "b"], "none": {}, "200": null, "true": "yes: 'no' \"\n#" },
            "x-sse-events": [{ "event": "a", "data": { "$ref": "#/b" } }, []],
        });
        let actions = [action("$.paths['/a/{it\\'s}'].get", update.clone())];
        let document = || json!({ "paths": { "/a/{it's}": { "get": { "x-old": 1 } } } });
        for before in [
            empty("v0"),
            "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n- target: $.paths\n  description: d\n  update: {x: 1}\n".to_owned(),
            "actions:\n    # why\n    - target: $.paths\n      description: d\n      update: {x: 1}\noverlay: 1.0.0\ninfo: {title: t, version: '1'}".to_owned(),
        ] {
            let text = add(&before, "a.yaml", &actions).unwrap();
            let after = applied(&text, document());
            let mut expected = update.clone();
            expected["x-old"] = 1.into();
            assert_eq!(after["paths"]["/a/{it's}"]["get"], expected, "{text}");
            assert_eq!(after["paths"].get("x").is_some(), before.contains("x: 1"), "{text}");
            // A later action finds what was carried over.
            assert!(!before.contains("$.paths\n") || text.find("carried over") < text.find("target: $.paths\n"), "{text}");
        }
        assert_eq!(add("anything", "a.yaml", &[]).unwrap(), "anything");
    }

    #[test]
    fn what_is_written_in_another_way_is_refused() {
        let actions = [action("$.a", json!({ "b": 1 }))];
        for text in [
            "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions: [{target: $.a, description: d, remove: true}]\n",
            "{overlay: 1.0.0, info: {title: t, version: '1'},\nactions: []}\n",
            "overlay: 1.0.0\n",
        ] {
            assert!(add(text, "a.yaml", &actions).is_err(), "{text}");
        }
    }
}
