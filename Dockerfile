# The program with every cloud's feature, and nothing else: a static binary, the authorities of the web, and a folder for temporary files.
#
#   podman build --target plugin --tag cosignet .
#   podman run --rm --env PLUGIN_MODE=verify … cosignet
FROM docker.io/library/rust:1.95-bookworm AS build
# For ring, which is C, and for the authorities
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates musl-tools
WORKDIR /build
COPY . .
ENV CC_x86_64_unknown_linux_musl=musl-gcc
RUN rustup target add x86_64-unknown-linux-musl \
 && cargo build --release --locked --package cosignet-host --features acr,ecr,gcr --target x86_64-unknown-linux-musl \
 && mkdir -p /image/etc/ssl/certs /image/usr/bin /image/tmp /image/workspace \
 && chmod 1777 /image/tmp /image/workspace \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && cp target/x86_64-unknown-linux-musl/release/cosignet /image/usr/bin/

# For Drone, Harness, Woodpecker and everybody else
FROM scratch AS plugin
COPY --from=build /image /
USER 65532:65532
# Where the runner mounts nothing
WORKDIR /workspace
ENTRYPOINT ["/usr/bin/cosignet"]

# For GitHub, which hands over files that another user cannot write, and builds the last stage
FROM plugin AS action
USER 0:0
