//! Limits.

use super::*;

#[tokio::test]
async fn entries_and_bodies_are_limited() {
    let site = Site::start(Options {
        max_entries: 2,
        max_body_size: 2000,
        max_body_time: Duration::from_millis(300),
        ..Options::default()
    })
    .await;
    let signer = Signer::new(1);
    for number in 0..2 {
        site.log_text(&signer, &format!("text {number}")).await;
    }
    let third = site.post_json(&signer.hashedrekord(b"text 2")).await;
    refused(third, 507, "at most 2 entries").await;
    let again = site.post_json(&signer.hashedrekord(b"text 0")).await;
    assert_eq!(again.status(), 409, "what is there is found all the same");
    let large = site.post(ENTRIES, &[b' '; 2001]).await;
    refused(large, 413, "larger than 2000 bytes").await;

    let mut slow = TcpStream::connect(site.log.addr())
        .await
        .expect("a connection");
    let head = format!("POST {ENTRIES} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n[");
    slow.write_all(head.as_bytes()).await.expect("sent");
    let mut start = [0; 12];
    slow.read_exact(&mut start).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 408");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_have_an_index_each() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    let posts = (0..64).map(|number| {
        let text = format!("text {}", number % 32);
        let request = site
            .client
            .post(site.url(ENTRIES))
            .body(signer.request(text.as_bytes()));
        async move { (text, request.send().await.expect("an answer")) }
    });
    let mut taken = 0;
    for (content, answer) in futures_util::future::join_all(posts).await {
        match answer.status() {
            StatusCode::CREATED => {
                let answer = text(answer).await;
                signer
                    .verify(&answer, content.as_bytes(), &site.logs)
                    .expect("verified");
                taken += 1;
            }
            status => assert_eq!(status, StatusCode::CONFLICT),
        }
    }
    assert_eq!(taken, 32);
    let indices: Vec<u64> = site.log.entries().iter().map(|entry| entry.index).collect();
    assert_eq!(indices, Vec::from_iter(0..32));
    assert_eq!(site.log.requests().len(), 64);
}
