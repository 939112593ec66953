// SPDX-License-Identifier: MIT
//! Three requests, the second by METHOD: kinds KIND FOLDER PORT METHOD.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

type Done = Result<String, Box<dyn std::error::Error>>;
type Ask = Box<dyn FnMut(&str, u32, Option<&'static str>) -> Done>;

fn text(how: &str, i: u32, body: Option<&str>) -> String {
    let more = body.map_or(String::new(), |b| format!("Content-Length: {}\r\n", b.len()));
    format!("{how} /{i} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n{}", body.unwrap_or(""))
}

fn by_stream<S: Read + Write + 'static>(mut stream: S) -> Ask {
    Box::new(move |how, i, body| {
        stream.write_all(text(how, i, body).as_bytes())?;
        let mut answer = Vec::new();
        let mut some = [0; 4096];
        while !answer.ends_with(b"hello\n") {
            let got = stream.read(&mut some)?;
            if got == 0 {
                return Err("end".into());
            }
            answer.extend_from_slice(&some[..got]);
        }
        Ok("hello\n".into())
    })
}

fn reqwest_blocking(url: String, pem: Vec<u8>) -> Ask {
    let root = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = reqwest::blocking::Client::builder()
        .tls_certs_only([root])
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    Box::new(move |how, i, body| {
        let mut request = client.request(how.parse()?, format!("{url}/{i}"));
        if let Some(body) = body {
            request = request.body(body);
        }
        Ok(request.send()?.text()?)
    })
}

fn reqwest_async(url: String, pem: Vec<u8>) -> Ask {
    let root = reqwest::Certificate::from_pem(&pem).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([root])
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Box::new(move |how, i, body| {
        let mut request = client.request(how.parse()?, format!("{url}/{i}"));
        if let Some(body) = body {
            request = request.body(body);
        }
        Ok(runtime.block_on(async {
            let answer = request.send().await?.text().await;
            tokio::time::sleep(Duration::from_millis(25)).await;
            answer
        })?)
    })
}

fn ureq_agent(url: String, pem: Vec<u8>) -> Ask {
    use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
    let roots = RootCerts::new_with_certs(&[Certificate::from_pem(&pem).unwrap()]);
    let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
    let agent: ureq::Agent = ureq::Agent::config_builder().tls_config(tls).build().into();
    Box::new(move |_, i, body| {
        let mut answer = match body {
            Some(body) => agent.post(format!("{url}/{i}")).send(body)?,
            None => agent.get(format!("{url}/{i}")).call()?,
        };
        Ok(answer.body_mut().read_to_string()?)
    })
}

fn tokio_stream(port: u16, pem: Vec<u8>) -> Ask {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let native = native_tls::TlsConnector::builder()
        .disable_built_in_roots(true)
        .add_root_certificate(native_tls::Certificate::from_pem(&pem).unwrap())
        .build()
        .unwrap();
    let connector = tokio_native_tls::TlsConnector::from(native);
    let mut stream = runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        connector.connect("localhost", tcp).await.unwrap()
    });
    Box::new(move |how, i, body| {
        runtime.block_on(async {
            stream.write_all(text(how, i, body).as_bytes()).await?;
            let mut answer = Vec::new();
            while !answer.ends_with(b"hello\n") {
                if stream.read_buf(&mut answer).await? == 0 {
                    return Err("end".into());
                }
            }
            Ok("hello\n".into())
        })
    })
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let (folder, port) = (&given[2], given[3].parse::<u16>().unwrap());
    let url = format!("https://localhost:{port}");
    let pem = std::fs::read(format!("{folder}/trusted.pem")).unwrap();
    let connect = || TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut ask = match given[1].as_str() {
        "reqwest" => reqwest_blocking(url, pem),
        "reqwest_async" => reqwest_async(url, pem),
        "ureq" => ureq_agent(url, pem),
        "tokio" => tokio_stream(port, pem),
        "native" => {
            let connector = native_tls::TlsConnector::builder()
                .add_root_certificate(native_tls::Certificate::from_pem(&pem).unwrap())
                .build()
                .unwrap();
            by_stream(connector.connect("localhost", connect()).unwrap())
        }
        _ => {
            use openssl::ssl::{SslConnector, SslMethod};
            let mut builder = SslConnector::builder(SslMethod::tls()).unwrap();
            builder.set_ca_file(format!("{folder}/trusted.pem")).unwrap();
            by_stream(builder.build().connect("localhost", connect()).unwrap())
        }
    };
    for i in 1..=3 {
        std::thread::sleep(Duration::from_millis(25));
        let body = (i == 2 && given[4] == "POST").then_some("x");
        match ask(if body.is_some() { "POST" } else { "GET" }, i, body) {
            Ok(answer) => println!("{}", answer.trim()),
            Err(error) => println!("error: {}", error.to_string().replace(' ', "_")),
        }
    }
}
