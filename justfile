# The words to know. Each is a line or two, so that it can be typed without just.

# The command line at target/release/cosignet and the three components at target/*.wasm
build: (component "signer" "cosignet") (component "verifier" "cosignet-verifier") (component "offline" "cosignet-offline")
    cargo build --release --locked --package cosignet-host

# One world of the component, portable: every wasmtime, node and browser runs it
component world name:
    .ci/component {{world}} {{name}}

# An image signed and verified by the component, and two forgeries refused
demo *args:
    cargo run --locked --package cosignet-host -- demo {{args}}

# The component in a page, beside a registry and a log to play with
web port="8080": (component "signer" "cosignet") (component "offline" "cosignet-offline")
    cargo build --locked --package cosignet-host --bin cosignet
    npm --prefix host-example/browser ci --ignore-scripts
    npm --prefix host-example/browser run build
    node host-example/browser/demo/main.js target/debug/cosignet {{port}}

# Everything that needs no peers
test:
    cargo test --locked --workspace

# Against the real cosigns and a real registry (Debian)
interop *args:
    .ci/interop {{args}}

# Speed, memory and size beside native Rust and the real cosigns: the README's table (Debian)
bench:
    .ci/bench

# Formatting, clippy, docs, licences and advisories
lint:
    .ci/lint

# All that the gate runs
gate:
    .ci/run
