# Midwatch as a service: `docker run -p 8787:8787 -v midwatch:/var/lib/midwatch -e MIDWATCH_... midwatch`
FROM python:3.11-slim

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/midwatch midwatch
WORKDIR /opt/midwatch

# torch comes in its CPU build: the plain package brings several GB of CUDA libraries. Build with
#   --build-arg TORCH_INDEX=<index of CPU wheels>; without it the embeddings extra is left out and runbooks are searched by words.
ARG TORCH_INDEX=""
COPY pyproject.toml constraints.txt README.md ./
COPY bot ./bot
# Editable, so that the runbooks below are found beside the package.
RUN pip install --no-cache-dir --constraint constraints.txt --editable . \
    && if [ -n "$TORCH_INDEX" ]; then \
         pip install --no-cache-dir --index-url "$TORCH_INDEX" torch==2.13.0 \
         && pip install --no-cache-dir --constraint constraints.txt --editable ".[embeddings]"; \
       fi
COPY runbooks ./runbooks
COPY playbooks ./playbooks

# By number: Kubernetes' runAsNonRoot cannot judge a name.
USER 10001
ENV MIDWATCH_HOME=/var/lib/midwatch MIDWATCH_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /var/lib/midwatch
EXPOSE 8787
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8787/healthz', timeout=4)"]
CMD ["midwatch", "serve"]
