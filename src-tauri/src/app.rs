//! The window: the only file that builds the Tauri app.

use std::{fs, path::PathBuf, sync::Arc, time::Instant};

use sqlx::PgPool;
use tauri::{
    AppHandle, Manager, RunEvent, State, Theme, UriSchemeContext, UriSchemeResponder, WebviewUrl, WebviewWindowBuilder,
    Wry,
    http::{Request, Response},
};
use tokio::{runtime::Runtime, sync::RwLock};
use tokio_util::sync::CancellationToken;

use crate::{
    access::{self, Operator, Role},
    audit,
    config::Config,
    db::Address,
    elastic::Elastic,
    error::{Error, Result},
    faces,
    media::{self, Embedder, Exposure, Pictures, Problem, scheme},
    people, safety,
    safety::Reveals,
    search,
    search::{Requests, export::Exports},
    system,
};

/// How the window is opened.
#[derive(Debug, Default)]
pub struct Launch {
    pub config: Config,
    /// The demo's people, the first of whom is signed in from the start.
    pub samples: Vec<Sample>,
    /// Said on the sign-in screen when nobody can sign in yet.
    pub problem: Option<String>,
    /// The screen that is shown first, as the rail calls it.
    pub screen: Option<String>,
    /// `None`: as the desktop has it.
    pub dark: Option<bool>,
    /// Made when the first screen has its content.
    pub ready_file: Option<PathBuf>,
    /// Cancelled then, too.
    pub shown: CancellationToken,
}

/// A person whom the demo can be tried as.
#[derive(Debug, Clone)]
pub struct Sample {
    pub role: Role,
    pub address: Address,
}

/// What the commands share.
#[derive(Debug)]
pub struct Console {
    pub config: Config,
    pub pictures: Pictures,
    /// Tells what a face looks like.
    pub ai: Option<Embedder>,
    pub elastic: Option<Elastic>,
    /// Of the faces and media that this window looks at.
    pub holder: access::Holder,
    pub reveals: Reveals,
    pub exports: Exports,
    pub requests: Requests,
    pub samples: Vec<Sample>,
    pub problem: Option<String>,
    session: RwLock<Option<Session>>,
    ready_file: Option<PathBuf>,
    shown: CancellationToken,
    started: Instant,
}

/// A signed-in operator and the connections that are theirs.
#[derive(Debug, Clone)]
pub struct Session {
    pub db: PgPool,
    pub operator: Operator,
}

impl Console {
    fn new(launch: Launch, started: Instant) -> Result<Self> {
        let cache = match &launch.config.media.cache_dir {
            Some(folder) => folder.clone(),
            None => usual_cache()?,
        };
        Ok(Self {
            pictures: Pictures::new(&launch.config.media, &cache)?,
            ai: Embedder::new(&launch.config.ai)?,
            elastic: Elastic::new(&launch.config.elasticsearch)?,
            config: launch.config,
            holder: access::Holder::new(),
            reveals: Reveals::default(),
            exports: Exports::default(),
            requests: Requests::default(),
            samples: launch.samples,
            problem: launch.problem,
            session: RwLock::default(),
            ready_file: launch.ready_file,
            shown: launch.shown,
            started,
        })
    }

    /// # Errors
    /// `SignedOut` when nobody is signed in.
    pub async fn session(&self) -> Result<Session> {
        self.session.read().await.clone().ok_or(Error::SignedOut)
    }

    /// The session with the role that the operator has now: who was suspended or demoted sees it at once.
    ///
    /// # Errors
    /// `SignedOut` when nobody is signed in, or may not be any more.
    pub async fn refreshed_session(&self) -> Result<Session> {
        let session = self.session().await?;
        let now = access::current(&session.db).await?;
        if now.as_ref() == Some(&session.operator) {
            return Ok(session);
        }
        self.reveals.close_all();
        let before = session.operator.clone();
        let signed_in = {
            let mut signed_in = self.session.write().await;
            // Somebody else may have signed in while the database was asked.
            if signed_in.as_ref().map(|other| &other.operator) == Some(&before) {
                *signed_in = now.map(|operator| Session { operator, ..session });
            }
            signed_in.clone()
        };
        self.forget_pictures(&before).await;
        signed_in.ok_or(Error::SignedOut)
    }

    pub async fn enter(&self, db: PgPool, operator: Operator) {
        let looked = self.close_all();
        let before = self.session.write().await.replace(Session { db, operator });
        self.end(before, looked).await;
    }

    pub async fn leave(&self) {
        let looked = self.close_all();
        let before = self.session.write().await.take();
        self.end(before, looked).await;
    }

    /// Before somebody else is signed in: what is open is for nobody else. Whether something was revealed.
    fn close_all(&self) -> bool {
        self.exports.cancel_all();
        self.reveals.close_all()
    }

    async fn end(&self, session: Option<Session>, looked: bool) {
        let Some(Session { db, operator }) = session else { return };
        if looked && let Err(error) = safety::conceal_all(&db, &operator).await {
            tracing::warn!(%error, "a look at unsafe media counts until its time is over");
        }
        db.close().await;
        self.forget_pictures(&operator).await;
    }

    /// Nobody else may see what an admin may.
    async fn forget_pictures(&self, of: &Operator) {
        if of.role == Role::Admin {
            self.pictures.clear().await;
        }
    }

    async fn answer(&self, path: &str, query: Option<&str>) -> Result<scheme::Answer, Problem> {
        let session = self.session().await.map_err(Problem::from)?;
        let (pictures, db) = (&self.pictures, &session.db);
        Ok(match scheme::parse(path, query)? {
            scheme::Asked::Picture(wanted, veil) => {
                pictures.picture(db, &wanted, Exposure::Guarded(veil)).await?.into()
            }
            scheme::Asked::Revealed(token) => {
                let (media, region) = self.reveals.shown(&token, Instant::now()).ok_or(Problem::NotFound)?;
                pictures.revealed(db, media, region).await?.into()
            }
            scheme::Asked::RevealedVideo(token, from) => {
                let revealed = self.reveals.shown(&token, Instant::now()).ok_or(Problem::NotFound)?;
                let part = pictures.revealed_video(db, revealed, from).await?;
                // A part may take longer than the look lasts, and is for nobody then.
                self.reveals.shown(&token, Instant::now()).ok_or(Problem::NotFound)?;
                part.into()
            }
            scheme::Asked::Video(media, from) => pictures.video(db, media, from).await?.into(),
        })
    }
}

fn usual_cache() -> Result<PathBuf> {
    let folders = directories::ProjectDirs::from("org", "Kaleidoscope", "kaleidoscope-console").ok_or_else(|| {
        Error::Invalid("There is no home folder for the picture cache. Set `cache_dir` under [media].".into())
    })?;
    Ok(folders.cache_dir().to_path_buf())
}

/// The commands, and the bindings that the window calls them by.
#[expect(clippy::too_many_lines, reason = "it is a list")]
pub fn commands() -> tauri_specta::Builder<Wry> {
    tauri_specta::Builder::<Wry>::new().disable_serde_phases().commands(tauri_specta::collect_commands![
        access::commands::session,
        access::commands::sign_in,
        access::commands::sign_in_as_sample,
        access::commands::sign_out,
        audit::commands::activity,
        audit::commands::verify_audit,
        faces::commands::faces_waiting,
        faces::commands::face_counts,
        faces::commands::keep_faces,
        faces::commands::keep_wall,
        faces::commands::photo,
        faces::commands::face_candidates,
        faces::commands::confirmed_faces_like,
        faces::commands::waiting_face,
        faces::commands::decide_face,
        faces::commands::decide_faces,
        faces::commands::undoable_decision,
        faces::commands::undo_decision,
        faces::commands::dismiss_conflicts,
        faces::commands::move_box,
        faces::commands::delete_face,
        faces::commands::draw_face,
        faces::commands::drawing_problem,
        faces::commands::people_waiting,
        faces::commands::face_line,
        faces::commands::line_sample,
        faces::commands::draw_line,
        faces::commands::confirm_above,
        faces::commands::unknown_people,
        faces::commands::unknown_faces,
        faces::commands::unknown_alike,
        faces::commands::name_cluster,
        faces::commands::regroup_faces,
        faces::commands::merge_clusters,
        faces::commands::face_calibration,
        faces::commands::person_enrolment,
        faces::commands::faces_to_enrol,
        faces::commands::preview_enrolment,
        faces::commands::enrol,
        faces::commands::switch_enrolment,
        faces::commands::undo_enrolment,
        faces::commands::face_progress,
        faces::commands::face_quality,
        media::commands::picture_size,
        people::commands::people,
        people::commands::find_people,
        people::commands::person,
        people::commands::person_photos,
        people::commands::person_feed,
        safety::commands::safety_policies,
        safety::commands::revise_policy,
        safety::commands::safety_waiting,
        safety::commands::safety_item,
        safety::commands::safety_counts,
        safety::commands::keep_safety,
        safety::commands::safety_colleagues,
        safety::commands::assign_safety,
        safety::commands::report_media,
        safety::commands::safety_story,
        safety::commands::reveal_media,
        safety::commands::conceal_media,
        safety::commands::reveals_left,
        safety::commands::reveal_budgets,
        safety::commands::set_reveal_budget,
        safety::commands::decide_media,
        safety::commands::decide_group,
        safety::commands::safety_group,
        safety::commands::compare_media,
        safety::commands::confirm_safety,
        safety::commands::file_appeal,
        safety::commands::safety_decided,
        safety::commands::revert_safety,
        safety::commands::safety_progress,
        safety::commands::save_safety_week,
        search::commands::search,
        search::commands::search_facets,
        search::commands::cancel_request,
        search::commands::search_facet_values,
        search::commands::index_state,
        search::commands::who_is,
        search::correct::commands::media_words,
        search::correct::commands::media_corrections,
        search::correct::commands::correct_media,
        search::correct::commands::undo_correction,
        search::correct::commands::undoable_correction,
        search::correct::commands::undo_own_correction,
        search::export::commands::export_search,
        search::export::commands::export_progress,
        search::export::commands::cancel_export,
        search::others::commands::search_counts,
        search::others::commands::search_posts,
        search::others::commands::search_people,
        search::others::commands::search_faces,
        search::post::commands::post,
        search::saved::commands::saved_searches,
        search::saved::commands::save_search,
        search::saved::commands::rename_search,
        search::saved::commands::delete_search,
        search::saved::commands::search_seen,
        search::commands::suggest,
        system::commands::status,
        system::commands::waiting,
        system::commands::system,
        system::commands::upkeep,
        system::commands::queue_samples,
        system::commands::recall,
        system::commands::start_job,
        system::commands::cancel_job,
        system::commands::dead_letters,
        system::commands::replay_dead_letters,
        window_ready,
    ])
}

/// The first screen has its content.
#[tauri::command]
#[specta::specta]
async fn window_ready(console: State<'_, Console>) -> Result<()> {
    let milliseconds = console.started.elapsed().as_millis();
    tracing::info!(milliseconds, "the first screen is there");
    console.shown.cancel();
    if let Some(file) = &console.ready_file {
        fs::write(file, format!("{milliseconds}\n"))
            .map_err(|error| Error::internal(format!("{} can't be written: {error}.", file.display()), error))?;
    }
    Ok(())
}

/// Opens the window and returns its exit code when it is closed.
///
/// # Errors
/// When the window can't be built: no display, an unusable cache folder, a wrong Elasticsearch address.
pub fn run(runtime: &Runtime, launch: Launch, started: Instant) -> Result<i32> {
    tauri::async_runtime::set(runtime.handle().clone());
    let (screen, dark) = (launch.screen.clone(), launch.dark);
    let console = Console::new(launch, started)?;
    if let Some(first) = console.samples.first() {
        let (db, operator) = runtime.block_on(access::sign_in(&first.address))?;
        runtime.block_on(console.enter(db, operator));
    }
    let commands = commands();
    let app = tauri::Builder::default()
        .manage(console)
        .invoke_handler(commands.invoke_handler())
        .register_asynchronous_uri_scheme_protocol("media", |context, request, responder| {
            serve_picture(&context, request, responder);
        })
        .setup(move |app| {
            commands.mount_events(app);
            open_window(app.handle(), screen.as_deref(), dark)?;
            Ok(())
        })
        .build(tauri::generate_context!())
        .map_err(|error| Error::internal(format!("The window can't be opened: {error}."), error))?;
    end_on_signal(app.handle().clone());
    Ok(app.run_return(|handle, event| {
        if let RunEvent::Exit = event {
            tauri::async_runtime::block_on(handle.state::<Console>().leave());
        }
    }))
}

fn open_window(app: &AppHandle, screen: Option<&str>, dark: Option<bool>) -> tauri::Result<()> {
    let page = screen.map_or_else(|| "index.html".into(), |screen| format!("index.html#/{screen}"));
    let theme = dark.map(|dark| if dark { Theme::Dark } else { Theme::Light });
    let mut window = WebviewWindowBuilder::new(app, "main", WebviewUrl::App(page.into()));
    if let Some(dark) = dark {
        // Not every web view takes the window's theme over; the page's own switch always counts.
        let chosen = if dark { "dark" } else { "light" };
        window = window.initialization_script(format!("localStorage.setItem('kaleidoscope.theme', '{chosen}')"));
    }
    window
        .title("Kaleidoscope Console")
        .inner_size(1440.0, 900.0)
        .min_inner_size(900.0, 600.0)
        .theme(theme)
        .on_navigation(|url| matches!(url.scheme(), "tauri") || url.host_str() == Some("tauri.localhost"))
        .build()?;
    Ok(())
}

fn serve_picture(context: &UriSchemeContext<'_, Wry>, request: Request<Vec<u8>>, responder: UriSchemeResponder) {
    let app = context.app_handle().clone();
    tauri::async_runtime::spawn(async move {
        let asked = request.uri();
        let outcome = app.state::<Console>().answer(asked.path(), asked.query()).await;
        let response: Response<Vec<u8>> = scheme::respond(outcome);
        responder.respond(response);
    });
}

/// Ctrl+C and a service manager's stop close the window as its button does, so that what was started is ended.
fn end_on_signal(app: AppHandle) {
    let app = Arc::new(app);
    tauri::async_runtime::spawn(async move {
        crate::cli::stop_signal().await;
        app.exit(0);
    });
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use specta_typescript::Typescript;

    /// Run with `UPDATE_BINDINGS=1` to write the file.
    #[test]
    fn the_window_s_bindings_are_those_of_the_commands() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/bindings.ts");
        let header = "/* eslint-disable */\n// Made from the commands; `UPDATE_BINDINGS=1 cargo test --lib bindings` writes it anew.\n";
        let folder = tempfile::tempdir().expect("a folder for the fresh file");
        let fresh = folder.path().join("bindings.ts");
        super::commands()
            .export(Typescript::default().header(header), &fresh)
            .expect("every type of the commands has a TypeScript form");
        let made = fs::read_to_string(&fresh).expect("it was just written");
        if env::var_os("UPDATE_BINDINGS").is_some() {
            fs::write(&file, &made).expect("the bindings can be written");
        }
        let there = fs::read_to_string(&file).expect("the bindings are there");
        assert!(there == made, "ui/src/bindings.ts is not what the commands are: run this test with UPDATE_BINDINGS=1");
    }
}
