//! gRPC's own services beside ours: is it up, and what is there to ask.

#![cfg(all(feature = "fmt", feature = "health", feature = "reflection"))]

use std::collections::HashSet;

use prost::Message;
use prost_types::FileDescriptorProto;
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

/// One test, since a process has one recorder.
#[test]
fn a_tool_without_proto_files_finds_its_way() {
    let builder = holdover::Builder::new().bind("127.0.0.1:0").log(holdover::Log::Off);
    let started = builder.try_init().expect("it starts");
    let address = format!("http://{}", started.address().expect("an address"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let endpoint = Endpoint::from_shared(address).expect("an address");
        let channel = endpoint.connect().await.expect("it listens");
        is_up(channel.clone()).await;
        says_what_there_is(&channel).await;
        says_so_to_older_tools(&channel).await;
    });
}

async fn is_up(channel: Channel) {
    let mut client = HealthClient::new(channel);
    let whole = HealthCheckRequest { service: String::new() };
    let answer = client.check(whole).await.expect("an answer").into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
}

async fn ask(channel: &Channel, request: MessageRequest) -> MessageResponse {
    let mut client = ServerReflectionClient::new(channel.clone());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let requests = tokio_stream::once(request);
    let answers = client.server_reflection_info(requests).await.expect("an answer");
    let first = answers.into_inner().next().await.expect("one").expect("no error");
    first.message_response.expect("something")
}

async fn says_what_there_is(channel: &Channel) {
    let listed = ask(channel, MessageRequest::ListServices(String::new())).await;
    let MessageResponse::ListServicesResponse(listed) = listed else { panic!("{listed:?}") };
    let names: Vec<String> = listed.service.into_iter().map(|it| it.name).collect();
    for (service, methods) in [
        ("holdover.v1.Holdover", 0),
        ("rs.tokio.console.instrument.Instrument", 5),
        ("grpc.health.v1.Health", 0),
    ] {
        assert!(names.iter().any(|name| name == service), "{names:?}");
        let asked = MessageRequest::FileContainingSymbol(service.to_owned());
        let file = one_file(ask(channel, asked).await);
        let (_, name) = service.rsplit_once('.').expect("a package");
        let described = file.service.iter().find(|it| it.name() == name).expect("it is there");
        assert!(!described.method.is_empty(), "{service}");
        assert!(methods == 0 || described.method.len() == methods, "{:?}", described.method);
        each_import_is_there(channel, file).await;
    }
}

fn one_file(answer: MessageResponse) -> FileDescriptorProto {
    let MessageResponse::FileDescriptorResponse(files) = answer else { panic!("{answer:?}") };
    FileDescriptorProto::decode(&*files.file_descriptor_proto[0]).expect("a description")
}

/// A tool that lacks one of them understands none.
async fn each_import_is_there(channel: &Channel, file: FileDescriptorProto) {
    let (mut known, mut missing) = (HashSet::new(), file.dependency);
    while let Some(name) = missing.pop() {
        if known.insert(name.clone()) {
            let file = one_file(ask(channel, MessageRequest::FileByFilename(name.clone())).await);
            assert_eq!(file.name(), name);
            missing.extend(file.dependency);
        }
    }
}

/// By the earlier name.
async fn says_so_to_older_tools(channel: &Channel) {
    use tonic_reflection::pb::v1alpha::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };

    let mut client = ServerReflectionClient::new(channel.clone());
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = client.server_reflection_info(tokio_stream::once(request)).await;
    let first = answers.expect("an answer").into_inner().next().await.expect("one");
    let Some(MessageResponse::ListServicesResponse(listed)) =
        first.expect("no error").message_response
    else {
        panic!("no list of services");
    };
    assert!(listed.service.iter().any(|it| it.name == "holdover.v1.Holdover"), "{listed:?}");
}
