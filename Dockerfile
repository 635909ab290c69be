# The pages, the programs, and a small image with both; and beside it, as target "idp", the demo identity provider. See
# docker-compose.yml.

FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM node:22-bookworm-slim AS idp
WORKDIR /srv/idp
COPY idp/package.json idp/package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY idp/*.js idp/*.css ./
USER node
EXPOSE 4000
CMD ["node", "server.js"]

FROM rust:1.95-slim-bookworm AS programs
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY api/ api/
COPY migration/ migration/
COPY seed/ seed/
# The API's own pages look like the web client's.
COPY web/src/ui/ web/src/ui/
# What cargo fetches and builds is kept between builds, but is not part of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release -p api -p seed \
    && cp target/release/api target/release/seed /usr/local/bin/

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin curfew \
    && install -d -o curfew -g curfew /var/lib/curfew
COPY --from=programs /usr/local/bin/api /usr/local/bin/seed /usr/local/bin/
COPY --from=web /src/web/dist /srv/web
COPY --chmod=0755 dev/compose/healthy /usr/local/bin/healthy
USER curfew
EXPOSE 3333 3000
CMD ["api", "serve"]
