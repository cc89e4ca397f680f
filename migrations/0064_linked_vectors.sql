-- Vectors of photos lie in clusters, of which a graph with few links makes islands: of a million, one search in fifteen found nothing
-- of its neighbourhood, however many it looked at.

drop index console.media_vector_nearest;
create index media_vector_nearest on console.media_vector using hnsw (embedding public.halfvec_cosine_ops)
    with (m = 24, ef_construction = 128);
