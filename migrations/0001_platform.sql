-- The platform's 13 tables, exactly as its backend and AI service define them. Where they exist already, filled or not,
-- nothing of them is touched: the console checks before migrating that either all of them are there or none.

CREATE EXTENSION IF NOT EXISTS vector;

-- ============================================================================
-- Core tables: the single source of truth, owned by the main backend
-- ============================================================================

CREATE TABLE IF NOT EXISTS users (
    user_id BIGSERIAL PRIMARY KEY,
    username VARCHAR(50) NOT NULL UNIQUE,
    email VARCHAR(100) NOT NULL UNIQUE,
    password VARCHAR(255) NOT NULL,
    full_name VARCHAR(100),
    department VARCHAR(100),
    designation VARCHAR(100),
    bio TEXT,
    profile_picture_url VARCHAR(255),
    cover_photo_url VARCHAR(255),
    role VARCHAR(20) NOT NULL,                    -- ADMIN, USER, MODERATOR
    account_status VARCHAR(20) NOT NULL,          -- ACTIVE, SUSPENDED, DELETED
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_users_username ON users(username);
CREATE INDEX IF NOT EXISTS idx_users_email ON users(email);
CREATE INDEX IF NOT EXISTS idx_users_role ON users(role);
CREATE INDEX IF NOT EXISTS idx_users_status ON users(account_status);

COMMENT ON TABLE users IS 'Core user accounts and profiles';
COMMENT ON COLUMN users.role IS 'User role: ADMIN, USER, MODERATOR';
COMMENT ON COLUMN users.account_status IS 'Account status: ACTIVE, SUSPENDED, DELETED';

CREATE TABLE IF NOT EXISTS posts (
    post_id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users(user_id) ON DELETE CASCADE,
    title VARCHAR(200),
    body TEXT,
    status VARCHAR(20) NOT NULL DEFAULT 'DRAFT',          -- DRAFT, PUBLISHED, ARCHIVED
    visibility VARCHAR(20) NOT NULL DEFAULT 'PUBLIC',     -- PUBLIC, PRIVATE, FOLLOWERS
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_posts_user ON posts(user_id);
CREATE INDEX IF NOT EXISTS idx_posts_status ON posts(status);
CREATE INDEX IF NOT EXISTS idx_posts_visibility ON posts(visibility);
CREATE INDEX IF NOT EXISTS idx_posts_created ON posts(created_at DESC);

COMMENT ON TABLE posts IS 'User posts that can contain multiple media items';
COMMENT ON COLUMN posts.status IS 'Post status: DRAFT, PUBLISHED, ARCHIVED';
COMMENT ON COLUMN posts.visibility IS 'Who can see this post: PUBLIC, PRIVATE, FOLLOWERS';

CREATE TABLE IF NOT EXISTS post_media (
    media_id BIGSERIAL PRIMARY KEY,
    post_id BIGINT NOT NULL REFERENCES posts(post_id) ON DELETE CASCADE,
    media_type VARCHAR(20) NOT NULL,              -- IMAGE, VIDEO
    media_url VARCHAR(1000) NOT NULL,
    thumbnail_url VARCHAR(1000),
    position INTEGER DEFAULT 0,                    -- Order in carousel (0-indexed)
    width INTEGER,
    height INTEGER,
    file_size_kb INTEGER,
    duration_seconds INTEGER,                      -- For videos
    extra_metadata JSONB,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_post_media_post ON post_media(post_id);
CREATE INDEX IF NOT EXISTS idx_post_media_type ON post_media(media_type);
CREATE INDEX IF NOT EXISTS idx_post_media_position ON post_media(post_id, position);

COMMENT ON TABLE post_media IS 'Individual media items (images/videos) within posts';
COMMENT ON COLUMN post_media.position IS 'Position in post carousel, 0-indexed';
COMMENT ON COLUMN post_media.media_url IS 'Cloudinary URL for the media';

-- ============================================================================
-- AI insight tables: raw results, owned by the AI service
-- ============================================================================

CREATE TABLE IF NOT EXISTS media_ai_insights (
    media_id BIGINT PRIMARY KEY
        REFERENCES post_media(media_id) ON DELETE CASCADE,
    post_id BIGINT NOT NULL
        REFERENCES posts(post_id) ON DELETE CASCADE,
    status VARCHAR(20) NOT NULL DEFAULT 'PROCESSING'
        CHECK (status IN ('PROCESSING', 'COMPLETED', 'UNSAFE', 'FAILED')),
    is_safe BOOLEAN,
    caption TEXT,
    tags TEXT[],
    scenes TEXT[],
    image_embedding VECTOR(512),                   -- CLIP embedding for similarity
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_mai_post ON media_ai_insights(post_id);
CREATE INDEX IF NOT EXISTS idx_mai_status ON media_ai_insights(status);
CREATE INDEX IF NOT EXISTS idx_mai_safe ON media_ai_insights(is_safe) WHERE is_safe = true;

COMMENT ON TABLE media_ai_insights IS 'AI-generated insights for each media item';
COMMENT ON COLUMN media_ai_insights.status IS 'Processing status: PROCESSING, COMPLETED, UNSAFE, FAILED';
COMMENT ON COLUMN media_ai_insights.image_embedding IS '512-dimensional CLIP vector for semantic similarity';
COMMENT ON COLUMN media_ai_insights.tags IS 'AI-generated tags (e.g., beach, person, food)';
COMMENT ON COLUMN media_ai_insights.scenes IS 'AI-detected scenes (e.g., outdoor, office, party)';

CREATE TABLE IF NOT EXISTS user_face_embeddings (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL UNIQUE
        REFERENCES users(user_id) ON DELETE CASCADE,
    embedding VECTOR(1024) NOT NULL,               -- AdaFace 1024-dim embedding
    source_image_url VARCHAR(255),
    is_active BOOLEAN NOT NULL DEFAULT true,
    enrolled_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_ufe_user ON user_face_embeddings(user_id);
CREATE INDEX IF NOT EXISTS idx_ufe_active ON user_face_embeddings(is_active) WHERE is_active = true;

COMMENT ON TABLE user_face_embeddings IS 'Enrolled face embeddings for automatic user identification';
COMMENT ON COLUMN user_face_embeddings.embedding IS '1024-dimensional AdaFace vector for face matching';
COMMENT ON COLUMN user_face_embeddings.is_active IS 'Whether this face enrollment is currently active';

CREATE TABLE IF NOT EXISTS media_detected_faces (
    id BIGSERIAL PRIMARY KEY,
    media_id BIGINT NOT NULL
        REFERENCES media_ai_insights(media_id) ON DELETE CASCADE,
    bbox INTEGER[] NOT NULL,                       -- [x, y, width, height]
    embedding VECTOR(1024) NOT NULL,               -- AdaFace 1024-dim embedding
    identified_user_id BIGINT
        REFERENCES users(user_id) ON DELETE SET NULL,
    suggested_user_id BIGINT
        REFERENCES users(user_id) ON DELETE SET NULL,
    confidence_score FLOAT,
    status VARCHAR(20) NOT NULL DEFAULT 'UNIDENTIFIED'
        CHECK (status IN ('UNIDENTIFIED', 'SUGGESTED', 'CONFIRMED')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_mdf_media ON media_detected_faces(media_id);
CREATE INDEX IF NOT EXISTS idx_mdf_identified_user ON media_detected_faces(identified_user_id);
CREATE INDEX IF NOT EXISTS idx_mdf_status ON media_detected_faces(status);

COMMENT ON TABLE media_detected_faces IS 'Faces detected in media with identification status';
COMMENT ON COLUMN media_detected_faces.bbox IS 'Bounding box coordinates [x, y, width, height]';
COMMENT ON COLUMN media_detected_faces.embedding IS '1024-dimensional AdaFace embedding for matching';
COMMENT ON COLUMN media_detected_faces.status IS 'UNIDENTIFIED (< 0.70), SUGGESTED (0.70-0.85), CONFIRMED (> 0.85)';

-- ============================================================================
-- Read models: denormalised, no foreign keys, source of the Elasticsearch indices
-- ============================================================================

CREATE TABLE IF NOT EXISTS read_model_media_search (
    -- Primary Keys (NO FOREIGN KEYS)
    media_id BIGINT PRIMARY KEY,
    post_id BIGINT NOT NULL,

    -- Post Context (Denormalized from posts table)
    post_title VARCHAR(200),
    post_all_tags TEXT[],              -- Aggregated tags from ALL images in post

    -- Media Info (Copied from post_media table)
    media_url VARCHAR(1000) NOT NULL,

    -- AI Insights (Copied from media_ai_insights table)
    ai_caption TEXT,
    ai_tags TEXT[],
    ai_scenes TEXT[],
    image_embedding TEXT,              -- 512-dim vector as JSON string
    is_safe BOOLEAN DEFAULT true,

    -- Detected Faces (Aggregated from media_detected_faces table)
    detected_user_ids BIGINT[],
    detected_usernames TEXT[],

    -- Uploader Info (Copied from users table)
    uploader_id BIGINT NOT NULL,
    uploader_username VARCHAR(50) NOT NULL,
    uploader_department VARCHAR(100),

    -- Engagement (Copied from reactions/comments tables)
    reaction_count INTEGER DEFAULT 0,
    comment_count INTEGER DEFAULT 0,

    -- Metadata
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_rms_post ON read_model_media_search(post_id);
CREATE INDEX IF NOT EXISTS idx_rms_updated ON read_model_media_search(updated_at DESC);

COMMENT ON TABLE read_model_media_search IS 'Denormalized read model for media search - synced to ES media_search index';
COMMENT ON COLUMN read_model_media_search.post_all_tags IS 'KEY FIELD: Aggregated tags from ALL images in post for contextual search';
COMMENT ON COLUMN read_model_media_search.image_embedding IS 'CLIP 512-dim vector stored as JSON text';

CREATE TABLE IF NOT EXISTS read_model_post_search (
    -- Primary Key (NO FOREIGN KEYS)
    post_id BIGINT PRIMARY KEY,

    -- Author Info (Copied from users table)
    author_id BIGINT NOT NULL,
    author_username VARCHAR(50) NOT NULL,
    author_department VARCHAR(100),

    -- Post Content (Copied from posts table)
    title VARCHAR(200),
    body TEXT,

    -- Aggregated AI (Union of all media AI results)
    all_ai_tags TEXT[],                -- Union of ALL media tags
    all_ai_scenes TEXT[],
    all_detected_user_ids BIGINT[],

    -- Post-Level AI (From post_aggregator service)
    inferred_event_type VARCHAR(50),   -- e.g., "beach_party", "meeting"
    inferred_tags TEXT[],              -- e.g., ["beach_party", "team_event"]

    -- Categories (Copied from posts table)
    categories TEXT[],

    -- Engagement (Aggregated from all media)
    total_reactions INTEGER DEFAULT 0,
    total_comments INTEGER DEFAULT 0,

    -- Metadata
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_rps_author ON read_model_post_search(author_id);
CREATE INDEX IF NOT EXISTS idx_rps_updated ON read_model_post_search(updated_at DESC);

COMMENT ON TABLE read_model_post_search IS 'Denormalized read model for post-level search - synced to ES post_search index';
COMMENT ON COLUMN read_model_post_search.inferred_event_type IS 'Post aggregator infers context (e.g., beach_party from beach+people+food)';
COMMENT ON COLUMN read_model_post_search.all_ai_tags IS 'Union of tags from ALL images in post';

CREATE TABLE IF NOT EXISTS read_model_user_search (
    -- Primary Key (NO FOREIGN KEYS)
    user_id BIGINT PRIMARY KEY,

    -- User Info (Copied from users table)
    username VARCHAR(50) NOT NULL,
    full_name VARCHAR(100),
    department VARCHAR(100),
    bio TEXT,

    -- Statistics (Calculated)
    total_posts INTEGER DEFAULT 0,
    total_followers INTEGER DEFAULT 0,

    -- Face Enrollment Status
    face_enrolled BOOLEAN DEFAULT false,

    -- Metadata
    joined_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_rus_department ON read_model_user_search(department);

COMMENT ON TABLE read_model_user_search IS 'Denormalized read model for user discovery - synced to ES user_search index';

CREATE TABLE IF NOT EXISTS read_model_face_search (
    -- Primary Key (NO FOREIGN KEYS)
    id BIGSERIAL PRIMARY KEY,
    face_id VARCHAR(50) UNIQUE NOT NULL,
    media_id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,

    -- Face Data (Copied from media_detected_faces)
    face_embedding TEXT NOT NULL,      -- 1024-dim vector as JSON string
    bbox INTEGER[],                    -- [x, y, width, height]

    -- Identification (Computed by backend after KNN matching)
    identified_user_id BIGINT,
    identified_username VARCHAR(50),
    match_confidence FLOAT,

    -- Context (For search result display)
    uploader_id BIGINT NOT NULL,
    post_title VARCHAR(200),
    media_url VARCHAR(1000),

    -- Metadata
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX IF NOT EXISTS idx_rfs_identified_user ON read_model_face_search(identified_user_id);
CREATE INDEX IF NOT EXISTS idx_rfs_media ON read_model_face_search(media_id);

COMMENT ON TABLE read_model_face_search IS 'Denormalized read model for face-based search - synced to ES face_search index';
COMMENT ON COLUMN read_model_face_search.face_embedding IS 'AdaFace 1024-dim vector stored as JSON text';

CREATE TABLE IF NOT EXISTS read_model_recommendations_knn (
    -- Primary Key (NO FOREIGN KEYS)
    media_id BIGINT PRIMARY KEY,

    -- Minimal Fields for KNN Performance
    image_embedding TEXT NOT NULL,     -- 512-dim vector as JSON string
    media_url VARCHAR(1000) NOT NULL,
    caption TEXT,
    is_safe BOOLEAN DEFAULT true,

    -- Metadata
    created_at TIMESTAMPTZ NOT NULL
);

COMMENT ON TABLE read_model_recommendations_knn IS 'Lightweight read model for visual similarity - synced to ES recommendations_knn index';
COMMENT ON COLUMN read_model_recommendations_knn.image_embedding IS 'CLIP 512-dim vector optimized for KNN search';

CREATE TABLE IF NOT EXISTS read_model_feed_personalized (
    -- Primary Key (NO FOREIGN KEYS)
    id BIGSERIAL PRIMARY KEY,
    feed_item_id VARCHAR(100) UNIQUE NOT NULL,
    target_user_id BIGINT NOT NULL,    -- User who will see this in their feed
    media_id BIGINT NOT NULL,

    -- Content Preview
    media_url VARCHAR(1000),
    caption TEXT,

    -- Uploader Info
    uploader_id BIGINT NOT NULL,
    uploader_username VARCHAR(50),

    -- Relevance Score (Computed by backend algorithm)
    combined_score FLOAT DEFAULT 0,    -- Higher = more relevant to target_user

    -- Metadata
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ             -- TTL for feed items (e.g., 7 days)
);

CREATE INDEX IF NOT EXISTS idx_rfp_target_score ON read_model_feed_personalized(target_user_id, combined_score DESC);
CREATE INDEX IF NOT EXISTS idx_rfp_expires ON read_model_feed_personalized(expires_at);

COMMENT ON TABLE read_model_feed_personalized IS 'Pre-computed personalized feed items - synced to ES feed_personalized index';
COMMENT ON COLUMN read_model_feed_personalized.target_user_id IS 'User who will see this in their personalized feed';
COMMENT ON COLUMN read_model_feed_personalized.combined_score IS 'Relevance score: higher = more relevant';

CREATE TABLE IF NOT EXISTS read_model_known_faces (
    -- Primary Key (NO FOREIGN KEYS)
    user_id BIGINT PRIMARY KEY,

    -- User Info (Copied from users table)
    username VARCHAR(50) NOT NULL,
    department VARCHAR(100),
    profile_pic_url VARCHAR(255),

    -- Face Data (Copied from user_face_embeddings)
    face_embedding TEXT NOT NULL,      -- 1024-dim vector as JSON string

    -- Metadata
    enrolled_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    is_active BOOLEAN DEFAULT true
);

CREATE INDEX IF NOT EXISTS idx_rkf_active ON read_model_known_faces(is_active) WHERE is_active = true;

COMMENT ON TABLE read_model_known_faces IS 'Known faces database for identification - synced to ES known_faces_index';
COMMENT ON COLUMN read_model_known_faces.face_embedding IS 'AdaFace 1024-dim vector for KNN face matching';
