//! JSON in its one canonical form, RFC 8785.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::value::RawValue;

use super::limits::MAX_JSON_DEPTH;
use crate::json::{Object, read};

/// Rewrites a JSON text in its canonical form (RFC 8785, JCS): members sorted by the UTF-16 of
/// their names, numbers as ECMAScript prints them, no white space.
///
/// # Errors
/// Says what is wrong with a text that has no such form: a member given twice, a lone surrogate, a
/// number beyond a double, more than [`MAX_JSON_DEPTH`] levels, or no JSON at all.
pub fn canonicalize(json: &str) -> Result<String, String> {
    let mut canonical = String::with_capacity(json.len());
    let value: &RawValue = read(json.as_bytes())?;
    write(value, MAX_JSON_DEPTH, &mut canonical)?;
    Ok(canonical)
}

fn write(value: &RawValue, depth: usize, out: &mut String) -> Result<(), String> {
    let text = value.get();
    let deeper = || depth.checked_sub(1).ok_or("nested too deep");
    match text.as_bytes().first() {
        Some(b'{') => {
            let depth = deeper()?;
            let mut members = Object::parse(text.as_bytes())?.into_rest();
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                string(name, out)?;
                out.push(':');
                write(value, depth, out)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            let depth = deeper()?;
            let items: Vec<Box<RawValue>> = read(text.as_bytes())?;
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(item, depth, out)?;
            }
            out.push(']');
        }
        Some(b'"') => string(&read::<String>(text.as_bytes())?, out)?,
        Some(b'-' | b'0'..=b'9') => {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            push_number(number.ok_or("a number beyond a double")?, out);
        }
        // `true`, `false` and `null` have one form.
        _ => out.push_str(text),
    }
    Ok(())
}

/// RFC 8785 §3.2.2.2 asks for the escapes that `serde_json` writes.
fn string(text: &str, out: &mut String) -> Result<(), String> {
    out.push_str(&serde_json::to_string(text).map_err(|error| error.to_string())?);
    Ok(())
}

/// A number as ECMAScript's `Number::toString` prints it (ECMA-262 §6.1.6.1.20): as few digits as
/// tell it from its neighbours, and of so few the nearest, of two as near the even one.
fn push_number(number: f64, out: &mut String) {
    if number == 0.0 {
        // Minus zero too.
        return out.push('0');
    }
    if number < 0.0 {
        out.push('-');
    }
    let number = number.abs();
    // Rust finds how few digits it takes, and may end in the odd one: rounded to so many, they end
    // in the even. Next to a power of two that may be another number.
    let shortest = alloc::format!("{number:e}");
    let places = shortest.find('e').unwrap_or(1).saturating_sub(2);
    let nearest = alloc::format!("{number:.places$e}");
    let scientific = match nearest.parse() == Ok(number) {
        true => nearest,
        false => shortest,
    };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let zeros = |count: usize| core::iter::repeat_n('0', count);
    // Where the point stands, counted from the first digit.
    let point: i32 = exponent.parse().unwrap_or(0) + 1;
    match (usize::try_from(point), digits.len()) {
        (Ok(point @ 1..=21), count) if count <= point => {
            out.push_str(&digits);
            out.extend(zeros(point - count));
        }
        (Ok(point @ 1..=21), _) => {
            let (whole, fraction) = digits.split_at(point);
            out.extend([whole, ".", fraction]);
        }
        _ if (-5..=0).contains(&point) => {
            out.push_str("0.");
            out.extend(zeros(point.unsigned_abs() as usize));
            out.push_str(&digits);
        }
        _ => {
            let (first, fraction) = digits.split_at(1);
            out.push_str(first);
            if !fraction.is_empty() {
                out.extend([".", fraction]);
            }
            let sign = if point > 0 { "+" } else { "" };
            out.extend(["e", sign, &(point - 1).to_string()]);
        }
    }
}
