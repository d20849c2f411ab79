//! Times as protobuf's JSON writes them (RFC 3339).

/// Which way a fraction of a second goes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rounding {
    Up,
    Down,
}

/// Seconds since 1970 of a time such as `2021-01-12T11:53:27Z`.
pub(super) fn parse(text: &str, rounding: Rounding) -> Option<i64> {
    let (date, rest) = text.split_at_checked(DATE.len())?;
    let ([year, month, day], [hour, minute, second]) = {
        let (time, _) = rest.split_at_checked(TIME.len())?;
        (numbers(date, DATE)?, numbers(time, TIME)?)
    };
    let (fraction, offset) = zone(rest.get(TIME.len()..)?)?;
    let days_of_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let in_range = year >= 1
        && (1..=12).contains(&month)
        && (1..=days_of_month).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset;
    let up = fraction && rounding == Rounding::Up;
    in_range.then_some(seconds + i64::from(up))
}

/// Three numbers in the places of `0`, everything else as it stands.
fn numbers(text: &str, shape: &str) -> Option<[i64; 3]> {
    let mut numbers = [0; 3];
    let mut place = 0;
    for (found, expected) in text.bytes().zip(shape.bytes()) {
        match (found, expected) {
            (b'0'..=b'9', b'0') => {
                let number = numbers.get_mut(place)?;
                *number = *number * 10 + i64::from(found - b'0');
            }
            (_, b'0') => return None,
            _ if found == expected => place += usize::from(found != b'T'),
            _ => return None,
        }
    }
    Some(numbers)
}

/// Whether a fraction that is not zero is there, and the seconds east of Greenwich.
fn zone(text: &str) -> Option<(bool, i64)> {
    let (fraction, zone) = match text.strip_prefix('.') {
        None => ("0", text),
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
    };
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let offset = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign @ ("+" | "-"), offset) if offset.len() == OFFSET.len() => {
            let [hours, minutes, _] = numbers(offset, OFFSET)?;
            let seconds = (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * 60)?;
            if sign == "-" { -seconds } else { seconds }
        }
        _ => return None,
    };
    Some((fraction.bytes().any(|digit| digit != b'0'), offset))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that
/// the day that some of them have more is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let months = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (months * 153 + 2) / 5 + day - 1 - 719_468
}

const DATE: &str = "0000-00-00";
const TIME: &str = "T00:00:00";
const OFFSET: &str = "00:00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2021-01-12T11:53:27Z", 1_610_452_407),
            ("2021-01-12T11:53:27.000Z", 1_610_452_407),
            ("2021-01-12T13:53:27+02:00", 1_610_452_407),
            ("2021-01-12T08:23:27-03:30", 1_610_452_407),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("0001-01-01T00:00:00Z", -62_135_596_800),
        ] {
            assert_eq!(parse(text, Rounding::Down), Some(seconds), "{text}");
            assert_eq!(parse(text, Rounding::Up), Some(seconds), "{text}");
        }
        let fraction = "2021-01-12T11:53:27.000000001Z";
        assert_eq!(parse(fraction, Rounding::Down), Some(1_610_452_407));
        assert_eq!(parse(fraction, Rounding::Up), Some(1_610_452_408));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "2021-01-12",
            "2021-01-12T11:53:27",
            "2021-01-12T11:53:27z",
            "2021-01-12 11:53:27Z",
            "2021-01-12T11:53:27Z ",
            "2021-01-12T11:53:27.Z",
            "2021-01-12T11:53:27.0000000001Z",
            "2021-01-12T11:53:27.5",
            "2021-01-12T11:53:27+2:00",
            "2021-01-12T11:53:27+24:00",
            "2021-01-12T11:53:27+02:60",
            "2021-1-12T11:53:27Z",
            "2021-13-12T11:53:27Z",
            "2021-00-12T11:53:27Z",
            "2021-02-29T11:53:27Z",
            "2100-02-29T11:53:27Z",
            "2021-04-31T11:53:27Z",
            "2021-01-00T11:53:27Z",
            "2021-01-12T24:00:00Z",
            "2021-01-12T11:60:27Z",
            "2021-01-12T11:53:60Z",
            "0000-01-12T11:53:27Z",
            "2021-01-12T11:53:2éZ",
            "202é-01-12T11:53:27Z",
        ] {
            assert_eq!(parse(text, Rounding::Down), None, "{text}");
        }
    }
}
