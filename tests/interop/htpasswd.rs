//! The CNCF registry with a file of names and passwords.

use std::fs;

use serde_json::json;

use crate::registry::Registry;

/// A registry that lets in whoever is in this file: a line of `NAME:BCRYPT` for each.
pub fn registry(users: &str) -> Registry {
    Registry::with_auth(|folder| {
        let file = folder.join("htpasswd");
        fs::write(&file, users).expect("the names and passwords are written");
        json!({ "htpasswd": { "realm": "test", "path": file } })
    })
}
