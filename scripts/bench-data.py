"""The data plane's figures, each beside its peer or the bare operation, in one run.

Called by scripts/bench, which starts the servers. Needs psycopg, and in the environment: CONSOLE (the program), PLATFORM (the
folder of platform.py), DATABASE_URL (a superuser on a socket), ELASTICSEARCH_URL.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

CONSOLE = os.environ["CONSOLE"]
PLATFORM = Path(os.environ["PLATFORM"]) / "platform.py"
SERVER = os.environ["DATABASE_URL"]
ELASTIC = urlsplit(os.environ["ELASTICSEARCH_URL"])
SCRATCH = Path(os.environ["SCRATCH"])
BENCH = "bench"
SEARCHED = ("post_search", "media_search", "user_search", "known_faces")
# Seconds that a probe waits for its change, and between two looks at it by id and by search: these take time from what is
# looked at.
PATIENCE = 10
LOOK, SEARCH = 0.005, 0.05
# Seconds after which it is asked whether there still is something to wait for.
DOUBT = 3
short = False


def figure(name, value, unit, op, bar, note):
    global short
    holds = value <= bar if op == "<=" else value >= bar
    short |= not holds
    print(f"figure {name} {value:.4g} {unit} bar {op} {bar:g} {'ok' if holds else 'short'} # {note}", flush=True)


def spread(values, digits=3):
    return f"{min(values):.{digits}g} to {max(values):.{digits}g}, {len(values)} rounds"


def say(text):
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def address(database):
    """The server's URL with another database."""
    head, query = SERVER.split("?", 1)
    return f"{head.rsplit('/', 1)[0]}/{database}?{query}"


def connect(database):
    return psycopg.connect(address(database).replace("postgres://", "postgresql://"), autocommit=True)


def fresh(name, template=None):
    with connect("postgres") as db:
        db.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        made = sql.SQL("create database {} template {} strategy file_copy")
        db.execute(made.format(sql.Identifier(name), sql.Identifier(template or "template1")))


def platform(command, database, *arguments, **options):
    line = [sys.executable, PLATFORM, command, "--dsn", address(database).replace("postgres://", "postgresql://")]
    return subprocess.run([*map(str, [*line, *arguments])], check=True, stdout=subprocess.PIPE, text=True, **options)


def console(*arguments, settings="bench.toml"):
    environment = {**os.environ, "KALEIDOSCOPE_DATABASE_URL": address(BENCH), "RUST_LOG": "warn,sqlx=error"}
    return [CONSOLE, "--config", str(SCRATCH / settings), *arguments], environment


def run_console(*arguments, **settings):
    line, environment = console(*arguments, **settings)
    subprocess.run(line, env=environment, check=True, stdout=sys.stderr)


def seconds(work):
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


class Elastic:
    """One connection that is kept."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(ELASTIC.hostname, ELASTIC.port, timeout=120)

    def ask(self, method, path, body=None):
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def must(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        if status >= 300:
            raise SystemExit(f"bench-data: {method} {path}: {status} {str(answer)[:300]}")
        return answer


class Worker:
    """The console's worker, while the block runs; the most memory that it held."""

    def __enter__(self):
        line, environment = console("worker")
        self.log = open(SCRATCH / "worker.log", "ab")
        self.process = subprocess.Popen(line, env=environment, stderr=self.log)
        return self

    def peak_megabytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def waiting(db):
    counts = "select (select count(*) from console.read_model_queue) + (select count(*) from console.index_queue)"
    return db.execute(counts).fetchone()[0]


def drain(db, worker, limit=3600):
    """Waits until nothing is marked any more."""
    end = time.monotonic() + limit
    while (left := waiting(db)) > 0:
        if worker.process.poll() is not None:
            raise SystemExit(f"bench-data: the worker ended by itself: {(SCRATCH / 'worker.log').read_text()[-500:]}")
        if time.monotonic() > end:
            raise SystemExit(f"bench-data: {left} marks are still waiting")
        time.sleep(0.05)


def load(arguments):
    say(f"loading {arguments.media} media")
    fresh(BENCH)
    platform("schema", BENCH)
    took = seconds(lambda: platform("load", BENCH, "--media", arguments.media, "--seed", 1))
    say(f"loaded in {took:.0f} s")
    run_console("migrate")
    with connect(BENCH) as db:
        db.execute("analyze")


def triggers(arguments):
    """A bulk load by the platform, and updates of one row, with and without the console in the database."""
    for name in ("plain", "watched"):
        fresh(name)
        platform("schema", name)
    line, environment = console("migrate")
    subprocess.run(line, env={**environment, "KALEIDOSCOPE_DATABASE_URL": address("watched")}, check=True, stdout=sys.stderr)
    with connect("postgres") as db:
        for name in ("plain", "watched"):
            db.execute(f"alter database {name} rename to {name}_empty")
    ratios, copies, media = [], [], min(arguments.media, 50_000)
    for _ in range(arguments.rounds):
        took = {}
        for name in ("plain", "watched"):
            fresh(name, f"{name}_empty")
            took[name] = seconds(lambda: platform("load", name, "--media", media, "--seed", 2))
        ratios.append(took["watched"] / took["plain"])
    figure("trigger_bulk_load", statistics.median(ratios), "ratio", "<=", 1.15,
           f"platform.py load of {media} media, with/without; {spread(ratios)}")
    costs = {}
    with connect("plain") as plain, connect("watched") as watched:
        updates = {
            "posts": "update posts set title = %s where post_id = %s",
            "media_ai_insights": "update media_ai_insights set caption = %s where media_id = %s",
            "users": "update users set bio = %s where user_id = %s",
        }
        for table, statement in updates.items():
            key = statement.split()[-3]
            keys = [row[0] for row in plain.execute(f"select {key} from {table} order by 1 limit 400")]
            taken = {plain: [], watched: []}
            for number, value in enumerate(keys * 3):
                for db in (plain, watched):
                    begun = time.perf_counter()
                    db.execute(statement, (f"text {number}", value), prepare=True)
                    taken[db].append(time.perf_counter() - begun)
            costs[table] = 1000 * (statistics.median(taken[watched]) - statistics.median(taken[plain]))
    worst = max(costs, key=costs.get)
    figure("trigger_single_update", costs[worst], "ms", "<=", 0.2,
           ", ".join(f"{table} {cost:.3f}" for table, cost in costs.items()) + f"; medians of {len(keys * 3)} updates")
    for name in ("plain", "watched"):
        with connect("postgres") as db:
            db.execute(f"drop database {name} with (force)")
            db.execute(f"drop database {name}_empty with (force)")


def steps(db, job):
    """When a job's steps began, by the clock of this process."""
    began = {"begin": time.perf_counter()}
    while True:
        row = db.execute("select state, step from console.job where job_id = %s", (job,)).fetchone()
        if row and row[1] is not None:
            began.setdefault(row[1], time.perf_counter())
        if row and row[0] not in ("waiting", "running"):
            began["end"] = time.perf_counter()
            if row[0] != "done":
                raise SystemExit(f"bench-data: the rebuild came to nothing: {row}")
            return began
        time.sleep(0.01)


def rebuild(arguments):
    """Rows from the core tables, and documents from the rows, beside the bare statement and the bare senders."""
    with connect(BENCH) as db:
        rates, ratios = [], []
        # Where no Elasticsearch is known yet, a rebuild makes the rows alone.
        for _ in range(arguments.rounds):
            peer = bare_insert(db)
            db.execute("truncate public.read_model_media_search")
            db.execute("delete from console.index_queue where index_name like 'media_search%'")
            db.execute("delete from console.read_model_queue where read_model = 'media_search'")
            db.execute("vacuum console.index_queue, console.read_model_queue, console.media_search_text")
            began, rows = watch_rebuild(db, "alone.toml")
            rates.append(rows / (began["end"] - began["begin"]))
            ratios.append(rates[-1] / peer)
            say(f"{rates[-1]:.0f} rows/s beside {peer:.0f}/s")
        figure("rebuild_rows", statistics.median(ratios), "ratio", ">=", 0.8,
               f"{statistics.median(rates):.0f} rows/s beside insert ... select; {spread(ratios)}")


def documents(arguments):
    """A new generation of an index whose rows are true already, beside two senders that push what it holds."""
    rates, ratios = [], []
    with connect(BENCH) as db:
        for _ in range(arguments.rounds):
            began, rows = watch_rebuild(db, "bench.toml")
            # A step that takes no time may not be seen.
            sent = next(began[step] for step in ("wait", "verify", "swap", "end") if step in began)
            rates.append(rows / (sent - began["documents"]))
            peer = bare_bulk(arguments)
            ratios.append(rates[-1] / peer)
            say(f"{rates[-1]:.0f} documents/s beside {peer:.0f}/s; rows looked through in "
                f"{began['documents'] - began['begin']:.1f} s; verified and swapped in {began['end'] - sent:.1f} s")
    figure("index_documents", statistics.median(ratios), "ratio", ">=", 0.8,
           f"{statistics.median(rates):.0f} documents/s beside two senders; {spread(ratios)}")


def watch_rebuild(db, settings):
    """Rebuilds media_search; when each step began, and how many rows there are then."""
    before = db.execute("select coalesce(max(job_id), 0) from console.job").fetchone()[0]
    line, environment = console("rebuild", "--index", "media_search", settings=settings)
    process = subprocess.Popen(line, env=environment, stdout=sys.stderr, stderr=sys.stderr)
    while not (row := db.execute(
            "select job_id from console.job where job_id > %s and started_at is not null", (before,)).fetchone()):
        time.sleep(0.005)
    began = steps(db, row[0])
    if process.wait(60) != 0:
        raise SystemExit("bench-data: rebuild failed")
    return began, db.execute("select count(*) from public.read_model_media_search").fetchone()[0]


def bare_insert(db):
    """Rows a second of the one statement that makes the same rows in a table of the same storage and indexes."""
    db.execute("drop table if exists public.bare")
    db.execute("create table public.bare (like public.read_model_media_search including all)")
    columns = [row[0] for row in db.execute(
        "select attname from pg_attribute where attrelid = 'console.media_search_source'::regclass and attnum > 0")]
    listed = ", ".join(columns)
    took = seconds(lambda: db.execute(f"insert into public.bare ({listed}) select {listed} from console.media_search_source"))
    rows = db.execute("select count(*) from public.bare").fetchone()[0]
    db.execute("drop table public.bare")
    return rows / took


def alias(model):
    return {"known_faces": "known_faces_index"}.get(model, model)


def pages(elastic, index, size=1000):
    """All documents of an index, with their ids."""
    after = None
    point = elastic.must("POST", f"/{index}/_pit?keep_alive=5m")["id"]
    while True:
        body = {"size": size, "sort": [{"_shard_doc": "asc"}], "pit": {"id": point, "keep_alive": "5m"}}
        if after is not None:
            body["search_after"] = after
        hits = elastic.must("POST", "/_search", body)["hits"]["hits"]
        if not hits:
            elastic.must("DELETE", "/_pit", {"id": point})
            return
        yield hits
        after = hits[-1]["sort"]


def bodies(elastic, index, size=2 << 20):
    """Bulks of all documents of an index, serialised, of at most about `size` bytes, on disk."""
    folder = SCRATCH / "bulks"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    lines, count, files = [], 0, []

    def write():
        path = folder / f"{len(files):05}"
        path.write_bytes(b"\n".join(lines) + b"\n")
        files.append(path)
        lines.clear()

    held = 0
    for hits in pages(elastic, index):
        for hit in hits:
            head = json.dumps({"index": {"_id": hit["_id"], "version": 1, "version_type": "external"}}).encode()
            source = json.dumps(hit["_source"], separators=(",", ":")).encode()
            lines += [head, source]
            held += len(head) + len(source) + 2
            count += 1
            if held >= size:
                write()
                held = 0
    if lines:
        write()
    return files, count


def bare_bulk(arguments, model="media_search"):
    """Documents a second when two senders push the documents of an index, serialised before, into a fresh one like it."""
    elastic = Elastic()
    live = next(iter(elastic.must("GET", f"/_alias/{alias(model)}")))
    files, count = bodies(elastic, live)
    described = elastic.must("GET", f"/{live}")[live]
    settings = {key: value for key, value in described["settings"]["index"].items()
                if key in ("number_of_shards", "number_of_replicas", "analysis", "refresh_interval")}
    if elastic.ask("HEAD", "/bare")[0] == 200:
        elastic.must("DELETE", "/bare")
    # A generation that is being filled is not refreshed either.
    elastic.must("PUT", "/bare", {"settings": {"index": {**settings, "refresh_interval": "-1"}}, "mappings": described["mappings"]})
    left, lock = list(reversed(files)), threading.Lock()

    def send():
        own = Elastic()
        while True:
            with lock:
                if not left:
                    return
                path = left.pop()
            if own.must("POST", "/bare/_bulk", path.read_bytes())["errors"]:
                raise SystemExit("bench-data: a bare bulk was refused")

    def both():
        senders = [threading.Thread(target=send) for _ in range(2)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    took = seconds(both)
    elastic.must("DELETE", "/bare")
    return count / took


def sync(arguments):
    """A worker that finds all indices empty, and how much memory it takes to fill them."""
    with connect(BENCH) as db, Worker() as worker:
        begun = time.perf_counter()
        time.sleep(5)
        drain(db, worker)
        say(f"all read models and indices followed in {time.perf_counter() - begun:.0f} s")
        figure("worker_memory", worker.peak_megabytes(), "MB", "<=", 256, "peak, with a backlog of all rows and documents")


def fill(arguments):
    """What searching for media reads, at any size: rows by rebuilds, which are quicker than their queue. Faces and feeds are many
    times as many rows, none of which it reads: they stay behind."""
    begun = time.perf_counter()
    for model in SEARCHED:
        run_console("rebuild", "--index", model, settings="alone.toml")
    say(f"rows of {', '.join(SEARCHED)} after {time.perf_counter() - begun:.0f} s")
    with connect(BENCH) as db:
        db.execute("truncate console.read_model_queue")
        with without_neighbours(db), Worker() as worker:
            time.sleep(5)
            drain(db, worker, limit=7200)
            while db.execute("select from console.search_term limit 1").rowcount == 0:
                time.sleep(1)
            say(f"documents, words, vectors and terms after {time.perf_counter() - begun:.0f} s")
        # As autovacuum leaves them sooner or later.
        for table in ("public.read_model_media_search", "console.media_search_text", "console.media_phrase", "console.media_vector"):
            db.execute(f"vacuum (analyze) {table}")
    say(f"neighbours of vectors after {time.perf_counter() - begun:.0f} s")


@contextlib.contextmanager
def without_neighbours(db):
    """A graph of neighbours is built at once far sooner than it grows by a vector at a time."""
    index = "console.media_vector_nearest"
    definition = db.execute("select pg_get_indexdef(%s::regclass)", (index,)).fetchone()[0]
    db.execute(f"drop index {index}")
    yield
    db.execute("set maintenance_work_mem = '4GB'")
    db.execute(f"set max_parallel_maintenance_workers = {max(1, (os.cpu_count() or 1) - 1)}")
    db.execute(definition)


def settle():
    """Waits until Elasticsearch has merged what a fill left behind: that work is none of a platform's everyday."""
    elastic = Elastic()
    while any(node["indices"]["merges"]["current"] for node in elastic.must("GET", "/_nodes/stats/indices/merge")["nodes"].values()):
        time.sleep(0.5)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def searchable_media(db, count):
    return [row[0] for row in db.execute(
        "select media_id from public.read_model_media_search order by media_id limit %s", (count,))]


def latency(arguments):
    """From a commit to the document, by id and by search, while the platform makes 200 changes a second."""
    index = alias("media_search")
    with connect(BENCH) as db, Worker() as worker:
        drain(db, worker)
        settle()
        said = []
        churn = threading.Thread(target=lambda: said.append(platform("churn", BENCH, "--seconds", 60, "--rate", 200, "--seed", 3)))
        churn.start()
        time.sleep(3)
        elastic, by_id, by_search, void = Elastic(), [], [], 0
        media_ids = searchable_media(db, 1_000_000)
        while churn.is_alive() and len(by_id) < 200:
            for into, asks, pause in ((by_id, read, LOOK), (by_search, found, SEARCH)):
                media = random.choice(media_ids)
                word = f"probe{time.time_ns()}"
                changed = db.execute(
                    "update media_ai_insights set caption = %s where media_id = %s and status = 'COMPLETED'", (word, media))
                begun = time.perf_counter()
                if changed.rowcount == 0:
                    continue
                while not asks(elastic, index, media, word) and time.perf_counter() - begun < PATIENCE:
                    # Deleted or un-published meanwhile: there is nothing to wait for.
                    if time.perf_counter() - begun > DOUBT and not wanted(db, media, word):
                        break
                    time.sleep(pause)
                took = time.perf_counter() - begun
                if took > DOUBT and not wanted(db, media, word):
                    void += 1
                    continue
                into.append(took)
        churn.join()
        behind = waiting(db)
        say(f"{behind} marks waiting in the end; {void} probes without a medium")
    pace = json.loads(said[0].stdout.splitlines()[-1])["transactions"] / 60
    for name, values, half, bar_half, tail, bar_tail in (
        ("read_by_id", by_id, 0.5, 0.05, 0.95, 0.25), ("searchable", by_search, 0.5, 1.2, 0.99, 2.5)):
        lost = sum(value >= PATIENCE for value in values)
        note = f"{len(values)} changes, {lost} of them given up after {PATIENCE} s, churn at 200/s came to {pace:.0f}/s"
        figure(f"{name}_p50", 1000 * percentile(values, half), "ms", "<=", 1000 * bar_half, note)
        figure(f"{name}_p{100 * tail:.0f}", 1000 * percentile(values, tail), "ms", "<=", 1000 * bar_tail, note)


def wanted(db, media, word):
    return db.execute(
        "select from console.media_search_source where media_id = %s and ai_caption = %s", (media, word)).rowcount > 0


def read(elastic, index, media, word):
    status, answer = elastic.ask("GET", f"/{index}/_doc/{media}?_source_includes=ai_caption")
    return status == 200 and answer["_source"].get("ai_caption") == word


def found(elastic, index, media, word):
    query = {"size": 1, "_source": False, "query": {"match": {"folded.caption": word}}}
    return bool(elastic.must("POST", f"/{index}/_search", query)["hits"]["hits"])


def burst(arguments):
    """5,000 commits of one row each, and how long after the last one the index has all of them."""
    index, lags = alias("media_search"), []
    with connect(BENCH) as db, Worker() as worker:
        for number in range(arguments.rounds):
            drain(db, worker)
            settle()
            media = searchable_media(db, 5000)
            begun = time.perf_counter()
            for each in media:
                db.execute("update media_ai_insights set caption = %s where media_id = %s", (f"burst {number}", each), prepare=True)
            committed = time.perf_counter()
            elastic = Elastic()
            while not all(in_index(elastic, index, media[at:at + 1000], f"burst {number}") for at in range(0, len(media), 1000)):
                if time.perf_counter() - committed > 120:
                    raise SystemExit("bench-data: the burst does not arrive")
            lags.append(time.perf_counter() - committed)
            say(f"{len(media)} commits in {committed - begun:.1f} s, all in the index {lags[-1]:.2f} s after the last one")
    figure("burst", statistics.median(lags), "s", "<=", 1, f"5,000 commits of one row; {spread(lags)}")


def in_index(elastic, index, media, word):
    answer = elastic.must("POST", f"/{index}/_mget?_source_includes=ai_caption", {"ids": [str(each) for each in media]})
    return all(doc.get("found") and doc["_source"].get("ai_caption") == word for doc in answer["docs"])


def match(arguments):
    """match-faces beside the bare query that finds each face's nearest enrolment through the same index."""
    people, media = arguments.media // 6, arguments.media * 9 // 20
    fresh("faces")
    platform("schema", "faces")
    platform("load", "faces", "--media", media, "--users", people, "--seed", 4)
    line, environment = console("match-faces")
    environment["KALEIDOSCOPE_DATABASE_URL"] = address("faces")
    subprocess.run([*line[:-1], "migrate"], env=environment, check=True, stdout=sys.stderr)
    ratios, rates = [], []
    with connect("faces") as db:
        db.execute("analyze")
        # The bare query goes by the index too, however few the enrolments are.
        db.execute("set enable_sort = off")
        faces, enrolled = (db.execute(f"select count(*) from {table}").fetchone()[0]
                           for table in ("media_detected_faces", "user_face_embeddings where is_active"))
        for _ in range(arguments.rounds):
            bare = seconds(lambda: db.execute(f"select count(near) from ({nearest('f.embedding')}) as found"))
            took = seconds(lambda: subprocess.run(line, env=environment, check=True, stdout=sys.stderr))
            ratios.append(took / bare)
            rates.append(faces / took)
        db.execute("reset enable_sort")
        recall = db.execute(f"""
            with sample as materialized (select id from media_detected_faces order by hashtext(id::text) limit 1000),
                 found as materialized ({nearest('f.embedding')} where f.id in (select id from sample))
            select avg((found.near = exact.user_id)::int)
              from found
              join media_detected_faces as f using (id)
             cross join lateral (select user_id from user_face_embeddings as e where e.is_active
                                  order by e.embedding <=> f.embedding limit 1) as exact
             where found.similarity >= 0.7""").fetchone()[0]
    note = f"{faces} faces, {enrolled} enrolments, {statistics.median(rates):.0f} faces/s; {spread(ratios)}"
    figure("match_faces", statistics.median(ratios), "ratio", "<=", 1, f"time beside the bare query; {note}")
    figure("match_faces_recall", float(recall), "ratio", ">=", 0.98, "nearest enrolment of 1,000 faces that have one, beside exact")


def nearest(vector):
    """Each face with its nearest active enrolment, by the index in half precision."""
    def half(column):
        return f"(l2_normalize({column})::halfvec(1024))"
    return f"""
        select f.id, n.user_id as near, 1 - (n.embedding <=> {vector}) as similarity
          from media_detected_faces as f
         cross join lateral (
               select e.user_id, e.embedding from user_face_embeddings as e where e.is_active
                order by {half('e.embedding')} <=> {half(vector)} limit 1) as n"""


def check(arguments):
    """Checks of media_search: the first, which reads all, one of what did not change, and one of 100 differences on either side."""
    def took():
        line, environment = console("check", "--index", "media_search")
        return seconds(lambda: subprocess.run(line, env=environment, stdout=subprocess.DEVNULL, check=False))

    index, firsts, agains, differings = alias("media_search"), [], [], []
    with connect(BENCH) as db:
        with Worker() as worker:
            drain(db, worker)
        media = searchable_media(db, 100_000)
        apart = media[::max(1, len(media) // 100)][:100]
        for _ in range(arguments.rounds):
            db.execute("delete from console.check_range")
            db.execute("delete from console.check_source")
            firsts.append(took())
            agains.append(took())
            with db.transaction():
                db.execute("set local session_replication_role = replica")
                db.execute("update public.read_model_media_search set post_title = 'other' where media_id = any (%s)", (apart,))
            differings.append(took())
            mended, environment = console("check", "--index", "media_search", "--repair")
            subprocess.run(mended, env=environment, stdout=subprocess.DEVNULL, check=True)
            with Worker() as worker:
                drain(db, worker)
    first = statistics.median(firsts)
    note = f"of {len(media)} documents, beside the first with {first:.2f} s"
    figure("check_again", statistics.median(agains) / first, "ratio", "<=", 0.5, f"{note}; {spread(agains)} s")
    figure("check_differences", statistics.median(differings) / first, "ratio", "<=", 1.2,
           f"100 rows that differ from both sides, {note}; {spread(differings)} s")


SECTIONS = {part.__name__: part for part in (load, triggers, rebuild, sync, fill, documents, check, latency, burst, match)}

# What fills a database only serves other benches.
FIGURES = [name for name in SECTIONS if name != "fill"]


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench data", description=__doc__.splitlines()[0])
    parser.add_argument("--media", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="all but fill unless named")
    arguments = parser.parse_args()
    (SCRATCH / "alone.toml").write_text("")
    (SCRATCH / "bench.toml").write_text(f'[elasticsearch]\nurl = "{os.environ["ELASTICSEARCH_URL"]}"\n')
    for name, section in SECTIONS.items():
        if name in (arguments.sections or FIGURES):
            say(name)
            section(arguments)
    sys.exit(short)


main()
