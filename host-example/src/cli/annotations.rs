use cosignet_host::api::Annotation;

use super::failure::Failure;

/// Reads `-a` flags as cosign does: each is a line of CSV, each field `key=value`; of a key that
/// is given twice the last value counts.
pub fn read(flags: &[String]) -> Result<Vec<Annotation>, Failure> {
    let mut annotations = Vec::new();
    for flag in flags {
        for field in fields(flag)? {
            match field.split_once('=') {
                Some((key, value)) if !value.contains('=') => {
                    annotations.push(Annotation {
                        key: key.into(),
                        value: value.into(),
                    });
                }
                _ => {
                    return Err(Failure::other(format!(
                        "unable to parse annotation: {field:?}; expected key=value, with one ="
                    )));
                }
            }
        }
    }
    Ok(annotations)
}

/// The fields of the first line, RFC 4180: a field in double quotes may hold commas and doubled
/// quotes, a bare quote is an error.
fn fields(flag: &str) -> Result<Vec<String>, Failure> {
    let bad = |why: &str| Failure::other(format!("annotation {flag:?}: {why}"));
    let mut fields = Vec::new();
    let mut rest = flag;
    if rest.is_empty() {
        return Ok(fields);
    }
    loop {
        let mut field = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (text, after) = quoted
                    .split_once('"')
                    .ok_or_else(|| bad("the closing quote is missing"))?;
                field += text;
                match after.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
            if !(rest.is_empty() || rest.starts_with([',', '\n'])) {
                return Err(bad("text follows a closing quote"));
            }
        } else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            field += &rest[..end];
            rest = &rest[end..];
            if field.contains('"') {
                return Err(bad(
                    "a quote stands inside a field; put the whole field in quotes",
                ));
            }
        }
        fields.push(field);
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return Ok(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(flags: &[&str]) -> Option<Vec<(String, String)>> {
        let flags: Vec<String> = flags.iter().map(|&flag| flag.into()).collect();
        Some(
            read(&flags)
                .ok()?
                .into_iter()
                .map(|a| (a.key, a.value))
                .collect(),
        )
    }

    fn owned(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(
            pairs
                .iter()
                .map(|&(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }

    #[test]
    fn reads_what_cosign_reads() {
        assert_eq!(
            pairs(&["a=1,b=2", "c="]),
            owned(&[("a", "1"), ("b", "2"), ("c", "")])
        );
        assert_eq!(
            pairs(&["\"a=1,2\",\"b=\"\"q\"\"\""]),
            owned(&[("a", "1,2"), ("b", "\"q\"")])
        );
        assert_eq!(pairs(&["a=1\nb=2"]), owned(&[("a", "1")]));
        assert_eq!(pairs(&[""]), owned(&[]));
        assert_eq!(pairs(&["=v"]), owned(&[("", "v")]));
    }

    #[test]
    fn refuses_what_cosign_refuses() {
        for bad in [
            "no-value", "k=v=w", "a=\"q", "\"a=1", "\"a=1\"x", "a=1,,b=2", "a=1,",
        ] {
            assert_eq!(pairs(&[bad]), None, "{bad}");
        }
    }
}
