# The app as a container. `make space` puts this file beside the others that it needs:
#   make space
#   docker build --tag skinnet build/space
#   docker run --rm --read-only --tmpfs /tmp --publish 127.0.0.1:7860:7860 skinnet
ARG PYTHON=3.11
FROM python:${PYTHON}-slim
RUN useradd --uid 1000 skinnet
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py LICENSE README.md ./
COPY checkpoints checkpoints
COPY demo demo
COPY skinnet skinnet
USER skinnet
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 PYTHONUNBUFFERED=1
EXPOSE 7860
CMD ["python", "app.py"]
