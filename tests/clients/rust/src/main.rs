// SPDX-License-Identifier: MIT
// The zoo's Rust clients: zoo NAME, then what every client takes, then REST_MS.
use std::error::Error;
use std::future::Future;
use std::io::Read;
use std::thread::sleep;
use std::time::Duration;

type Answer = Result<(u16, String), Box<dyn Error>>;

struct Job {
    base: String,
    count: u32,
    method: String,
    pause: Duration,
    rest: Duration,
    failed: u32,
    fds: usize,
}

fn open_fds() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, |all| all.count() - 1)
}

impl Job {
    fn new(args: &[String]) -> Job {
        let ms = |i: usize| Duration::from_millis(args.get(i).map_or(0, |a| a.parse().unwrap()));
        Job {
            base: args[2].clone(),
            count: args[3].parse().unwrap(),
            method: args.get(4).cloned().unwrap_or("GET".into()),
            pause: ms(5),
            rest: ms(6),
            failed: 0,
            fds: 0,
        }
    }

    fn request(&self, i: u32) -> (String, String, Option<String>) {
        let body = (self.method == "POST").then(|| format!("payload-{i}"));
        (format!("{}-{i}", self.base), i.to_string(), body)
    }

    fn answered(&mut self, i: u32, answer: Answer) {
        let path = format!("\"path\":\"/r-{i}\"");
        match answer {
            Ok((status, body)) if status / 100 == 2 && body.contains(&path) => println!("ok {i} {status}"),
            Ok((status, body)) => self.error(i, &format!("status {status}, body {body}")),
            Err(e) => {
                let cause = e.source().map_or(String::new(), |s| format!("{s:?}"));
                self.error(i, &format!("{e} {cause}"))
            }
        }
        if i == 2 {
            self.fds = open_fds();
        }
        if i < self.count {
            sleep(self.pause);
        }
    }

    fn error(&mut self, i: u32, why: &str) {
        self.failed += 1;
        println!("error {i} {}", why.replace('\n', " "));
    }

    fn end(&self) -> ! {
        println!("fds {} {}", self.fds, open_fds());
        std::process::exit((self.failed > 0) as i32)
    }

    fn one_by_one(mut self, send: impl Fn(&str, &str, &str, Option<String>) -> Answer) {
        for i in 1..=self.count {
            let (url, id, body) = self.request(i);
            let answer = send(&self.method, &url, &id, body);
            self.answered(i, answer);
        }
        sleep(self.rest);
        self.end()
    }

    async fn in_turn<F: Future<Output = Answer>>(
        mut self,
        send: impl Fn(String, String, String, Option<String>) -> F,
        rest: impl Future<Output = ()>,
    ) {
        for i in 1..=self.count {
            let (url, id, body) = self.request(i);
            let answer = send(self.method.clone(), url, id, body).await;
            self.answered(i, answer);
        }
        rest.await;
        self.end()
    }
}

async fn hyper(job: Job) {
    use http_body_util::{BodyExt, Full};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;

    let client = Client::builder(TokioExecutor::new()).build_http::<Full<bytes::Bytes>>();
    let rest = tokio::time::sleep(job.rest);
    job.in_turn(
        |method, url, id, body| {
            let client = client.clone();
            async move {
                let request = hyper::Request::builder()
                    .method(method.as_str())
                    .uri(url)
                    .header("X-Request-Id", id)
                    .body(Full::from(body.unwrap_or_default()))?;
                let response = client.request(request).await?;
                let status = response.status().as_u16();
                let bytes = response.into_body().collect().await?.to_bytes();
                Ok((status, String::from_utf8(bytes.to_vec())?))
            }
        },
        rest,
    )
    .await
}

async fn reqwest_async(job: Job) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let rest = tokio::time::sleep(job.rest);
    job.in_turn(
        |method, url, id, body| {
            let mut request = client.request(method.parse().unwrap(), url).header("X-Request-Id", id);
            if let Some(text) = body {
                request = request.body(text);
            }
            async move {
                let response = request.send().await?;
                Ok((response.status().as_u16(), response.text().await?))
            }
        },
        rest,
    )
    .await
}

fn reqwest_blocking(job: Job) {
    let client = reqwest::blocking::Client::builder().no_proxy().build().unwrap();
    job.one_by_one(|method, url, id, body| {
        let mut request = client.request(method.parse()?, url).header("X-Request-Id", id);
        if let Some(text) = body {
            request = request.body(text);
        }
        let response = request.send()?;
        Ok((response.status().as_u16(), response.text()?))
    })
}

fn ureq(job: Job) {
    let agent = ureq::Agent::new_with_defaults();
    job.one_by_one(|_, url, id, body| {
        let mut response = match body {
            Some(text) => agent.post(url).header("X-Request-Id", id).send(text)?,
            None => agent.get(url).header("X-Request-Id", id).call()?,
        };
        Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
    })
}

fn isahc(job: Job) {
    let client = isahc::HttpClient::new().unwrap();
    job.one_by_one(|method, url, id, body| {
        let request = isahc::http::Request::builder()
            .method(method)
            .uri(url)
            .header("X-Request-Id", id)
            .body(body.unwrap_or_default())?;
        let mut response = client.send(request)?;
        let mut text = String::new();
        response.body_mut().read_to_string(&mut text)?;
        Ok((response.status().as_u16(), text))
    })
}

async fn awc(job: Job) {
    let client = awc::Client::default();
    let rest = actix_rt::time::sleep(job.rest);
    job.in_turn(
        |method, url, id, body| {
            let request = client.request(method.parse().unwrap(), url).insert_header(("X-Request-Id", id));
            async move {
                let mut response = request.send_body(body.unwrap_or_default()).await.map_err(|e| e.to_string())?;
                let text = response.body().await?;
                Ok((response.status().as_u16(), String::from_utf8(text.to_vec())?))
            }
        },
        rest,
    )
    .await
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let job = Job::new(&args);
    let tokio = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();

    match args[1].as_str() {
        "hyper" => tokio().block_on(hyper(job)),
        "reqwest" => tokio().block_on(reqwest_async(job)),
        "reqwest-blocking" => reqwest_blocking(job),
        "ureq" => ureq(job),
        "isahc" => isahc(job),
        "awc" => actix_rt::System::new().block_on(awc(job)),
        other => panic!("{other}: no such client"),
    }
}
