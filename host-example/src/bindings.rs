//! What wasmtime makes of the WIT surface. The world is the largest one; components of the others
//! have some of its imports and exports.
#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "signer",
    imports: { default: async },
    exports: { default: async },
    additional_derives: [PartialEq],
});
