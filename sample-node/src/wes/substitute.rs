//! Parameters into tasks: `${param:NAME}` in the `url` of an input or an output becomes the text of that parameter.
//!
//! Nowhere else, and once: what a parameter holds is not looked through again. A name that no parameter has is an
//! error, and so is a parameter that is no text.

use serde_json::{Map, Value};

use crate::tes::NewTask;

const OPEN: &str = "${param:";

/// Puts the parameters into all tasks, or says which one is missing.
pub(crate) fn substitute(mut tasks: Vec<NewTask>, params: &Map<String, Value>) -> Result<Vec<NewTask>, String> {
    for task in &mut tasks {
        for url in task.inputs.iter_mut().filter_map(|input| input.url.as_mut()) {
            *url = fill(url, params)?;
        }
        for output in &mut task.outputs {
            output.url = fill(&output.url, params)?;
        }
    }
    Ok(tasks)
}

fn fill(text: &str, params: &Map<String, Value>) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (name, behind) = after.split_once('}').ok_or("a `${param:` is not closed")?;
        let value = params
            .get(name)
            .ok_or_else(|| format!("there is no parameter `{}`", name.escape_debug()))?;
        let value = value
            .as_str()
            .ok_or_else(|| format!("the parameter `{}` is no text", name.escape_debug()))?;
        filled.push_str(before);
        filled.push_str(value);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_put_in_once_and_a_missing_one_is_named() {
        let params = json!({ "a": "http://127.0.0.1/x", "odd": "${param:a}", "number": 3 });
        let params = params.as_object().unwrap();
        let cases = [
            ("whole", "${param:a}", Ok("http://127.0.0.1/x")),
            ("a part", "${param:a}/y?z", Ok("http://127.0.0.1/x/y?z")),
            (
                "two",
                "${param:a}${param:a}",
                Ok("http://127.0.0.1/xhttp://127.0.0.1/x"),
            ),
            ("none", "file:///data/x", Ok("file:///data/x")),
            ("not twice", "${param:odd}", Ok("${param:a}")),
            ("missing", "${param:b}", Err("there is no parameter `b`")),
            ("no text", "${param:number}", Err("the parameter `number` is no text")),
            ("open", "${param:a", Err("a `${param:` is not closed")),
        ];
        for (name, text, expected) in cases {
            assert_eq!(
                fill(text, params),
                expected.map(str::to_owned).map_err(str::to_owned),
                "{name}"
            );
        }
    }
}
