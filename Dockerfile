# syntax=docker/dockerfile:1
# The image of `daybook worker`, and of all commands: docker run IMAGE check. It holds no embedded stack: PG_HOST and
# TEMPORAL_ADDRESS name the servers.
FROM node:20.20-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --include=dev
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM base AS packages
COPY package.json package-lock.json .npmrc ./
# Of the Temporal SDK's native parts for all platforms, only this one's is of use.
RUN npm ci --ignore-scripts --omit=dev --omit=optional \
    && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
        ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM base
# The launcher compares dist/ with what it is built from (scripts/freshness.js): without src and the rest it would build.
COPY package.json package-lock.json tsconfig.json tsconfig.build.json LICENSE daybook ./
COPY migrations ./migrations
COPY scripts ./scripts
COPY src ./src
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Remembers that all is built: commands then need not read the sources at each start.
RUN node daybook --version
# A volume that is mounted here takes over the owner.
RUN install -d -o node -g node /var/lib/daybook
# As a worker that `up` starts: a larger young generation saves CPU time, fewer arenas of the allocator save memory.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=32 \
    MALLOC_ARENA_MAX=2 \
    DAYBOOK_EMBEDDED=off \
    DAYBOOK_CONFIG=/etc/daybook/daybook.yaml \
    DAYBOOK_DATA=/var/lib/daybook \
    DAYBOOK_HTTP=0.0.0.0:9464
# By number: Kubernetes' runAsNonRoot needs it. /app is root's, and nothing writes to it.
USER 1000:1000
EXPOSE 9464
STOPSIGNAL SIGTERM
# Alive, not ready: a worker whose database is away is to be left alone.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["node", "scripts/probe.js", "/healthz"]
ENTRYPOINT ["node", "daybook"]
CMD ["worker"]
