//! What wit-bindgen makes of the world that the cargo features name.
#![allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]

#[cfg(not(any(feature = "signer", feature = "verifier", feature = "offline")))]
compile_error!("name the world to build: --features signer, verifier or offline");

#[cfg(feature = "signer")]
wit_bindgen::generate!({ world: "signer", path: "wit", pub_export_macro: true, generate_all });

#[cfg(all(feature = "verifier", not(feature = "signer")))]
wit_bindgen::generate!({ world: "verifier", path: "wit", pub_export_macro: true, generate_all });

#[cfg(all(
    feature = "offline",
    not(any(feature = "signer", feature = "verifier"))
))]
wit_bindgen::generate!({ world: "offline", path: "wit", pub_export_macro: true, generate_all });

use super::Component;

export!(Component with_types_in self);
