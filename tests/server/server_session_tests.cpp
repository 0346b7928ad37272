#include <clixml/object.hpp>
#include <psrp/protocol/versions.hpp>
#include <tests/server/test_client.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using psrp::PipelineState;

TEST_CASE("a client opens a session, runs pipelines in it and closes it")
{
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    const clixml::Object* data = client.private_data().object();
    REQUIRE(data != nullptr);
    const auto table = data->entry("PSVersionTable");
    REQUIRE(table);
    CHECK(
        table->object()->entry("PSRemotingProtocolVersion")->as<clixml::Version>() ==
        clixml::Version{2, 4}
    );
    CHECK(table->object()->entry("PSRP").has_value());
    CHECK(data->entry(psrp::in_order_entry)->as<bool>() == true);

    const auto first = client.run("$x = 5; $x * 2");
    CHECK(first.state == PipelineState::Completed);
    CHECK(first.output == std::vector<std::string>{"<I32>10</I32>"});
    const auto second = client.run("$x; Write-Error e; No-Such; 'end'");
    CHECK(second.output == std::vector<std::string>{"<I32>5</I32>", "<S>end</S>"});
    CHECK(second.errors.size() == 2);
    const auto third = client.run("throw 'boom'");
    CHECK(third.state == PipelineState::Failed);
    CHECK(third.failure_id == "boom");
    CHECK(client.close());
    CHECK(endpoint.finish().exit_code == psrp::server::server_exit_code);
}

TEST_CASE("a new session on the same stream starts with nothing of the old one")
{
    tests::ServedEndpoint endpoint;
    for (int i = 0; i < 3; ++i) {
        tests::PoolClient client(endpoint.descriptor());
        REQUIRE(client.open());
        const auto run = client.run("\"[$kept]\"; $kept = 'old'");
        CHECK(run.output == std::vector<std::string>{"<S>[]</S>"});
        REQUIRE(client.close());
    }
}

TEST_CASE("a stop ends Start-Sleep, a blocked read and a loop")
{
    for (const char* script :
         {"'started'; Start-Sleep 1000; 'never'",
          "'started'; 1..10000000 | ForEach-Object { $null = $_ }; 'never'",
          "'started'; $input | ForEach-Object { $_ }; 'never'"}) {
        INFO(script);
        tests::ServedEndpoint endpoint;
        tests::PoolClient client(endpoint.descriptor());
        REQUIRE(client.open());
        const psrp::Guid pipeline = client.start(script, false);
        REQUIRE(client.wait([&] { return !client.run_of(pipeline).output.empty(); }));
        REQUIRE(client.pool().stop(pipeline));
        REQUIRE(client.wait([&] { return client.run_of(pipeline).state.has_value(); }));
        CHECK(client.run_of(pipeline).state == PipelineState::Stopped);
        CHECK(client.run_of(pipeline).output.size() == 1);
        CHECK(client.run("'alive'").output == std::vector<std::string>{"<S>alive</S>"});
        CHECK(client.close());
    }
}

// From the second script on it is the thread of the scripts that has read the request.
TEST_CASE("whatever comes while a later script runs is taken by somebody else")
{
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    REQUIRE(client.run("1").output.size() == 1);
    const auto is_over = [&](const psrp::Guid& pipeline) {
        return client.wait([&] { return client.run_of(pipeline).state.has_value(); });
    };

    SECTION("a stop, though the script has said nothing")
    {
        const psrp::Guid pipeline = client.start("Start-Sleep 1000");
        REQUIRE(client.pool().stop(pipeline));
        REQUIRE(is_over(pipeline));
        CHECK(client.run_of(pipeline).state == PipelineState::Stopped);
    }
    SECTION("input that it waits for")
    {
        const psrp::Guid pipeline = client.start("$input | ForEach-Object { $_ }", false);
        for (std::int32_t i = 1; i <= 3; ++i) {
            REQUIRE(client.pool().write_input(pipeline, psrp::Value::int32(i)));
            REQUIRE(client.wait([&] {
                return client.run_of(pipeline).output.size() == static_cast<std::size_t>(i);
            }));
        }
        REQUIRE(client.pool().end_input(pipeline));
        REQUIRE(is_over(pipeline));
    }
    SECTION("another script, and its stop")
    {
        const psrp::Guid slow = client.start("Start-Sleep 1000");
        const psrp::Guid next = client.start("2");
        REQUIRE(client.pool().stop(slow));
        REQUIRE(is_over(next));
        CHECK(client.run_of(next).output == std::vector<std::string>{"<I32>2</I32>"});
    }
    SECTION("the end of the session")
    {
        client.start("Start-Sleep 1000");
        CHECK(client.close());
        CHECK(endpoint.finish().exit_code == psrp::server::server_exit_code);
        return;
    }
    SECTION("the client's hanging up")
    {
        client.start("Start-Sleep 1000");
        CHECK(endpoint.finish().exit_code == psrp::server::server_exit_code);
        return;
    }
    CHECK(client.run("'alive'").output == std::vector<std::string>{"<S>alive</S>"});
    CHECK(client.close());
}

TEST_CASE("a script that is stopped before it starts is answered")
{
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    REQUIRE(client.run("1").output.size() == 1);
    // Request and stop in one piece, so that the server sees both before it starts anything.
    psrp::OutOfProcClient framing;
    const auto perform_all = [&] {
        while (const auto action = client.pool().next_action())
            (void)framing.perform(*action); // it does not know the first script, which is closed
    };
    const psrp::Guid pipeline = client.start("Start-Sleep 1000");
    perform_all();
    REQUIRE(client.pool().stop(pipeline));
    perform_all();
    tests::RawClient raw(endpoint.descriptor());
    raw.write(framing.take_output());
    CHECK(raw.read_until([&] { return raw.has_state(pipeline); }));
}

TEST_CASE("a later script may ask the client's host")
{
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor(), true);
    REQUIRE(client.open());
    REQUIRE(client.run("1").output.size() == 1);
    const psrp::Guid pipeline = client.start("$Host.UI.ReadLine()");
    REQUIRE(client.wait([&] { return !client.run_of(pipeline).host_methods.empty(); }));
    psrp::HostResponse response;
    response.call_id = 1;
    response.method = client.run_of(pipeline).host_methods.front();
    response.result = psrp::Value::string("said");
    REQUIRE(client.pool().respond(pipeline, response));
    REQUIRE(client.wait([&] { return client.run_of(pipeline).state.has_value(); }));
    CHECK(client.run_of(pipeline).output == std::vector<std::string>{"<S>said</S>"});
    CHECK(client.close());
}

TEST_CASE("a stop ends the reading of a pipe that nobody writes to")
{
    std::string folder = "/tmp/psrp-server-XXXXXX";
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    const std::string pipe = folder + "/pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    // With a writer that says nothing; without one the file would be at its end at once.
    const int writer = open(pipe.c_str(), O_RDWR | O_CLOEXEC);
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    const psrp::Guid pipeline = client.start("'started'; Get-Content " + pipe);
    REQUIRE(client.wait([&] { return !client.run_of(pipeline).output.empty(); }));
    REQUIRE(client.pool().stop(pipeline));
    REQUIRE(client.wait([&] { return client.run_of(pipeline).state.has_value(); }));
    CHECK(client.run_of(pipeline).state == PipelineState::Stopped);
    CHECK(client.close());
    close(writer);
    unlink(pipe.c_str());
    rmdir(folder.c_str());
}

TEST_CASE("pipelines wait for the runspace in their order, and can be stopped there")
{
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    const psrp::Guid first = client.start("'first'; Start-Sleep 1000");
    const psrp::Guid second = client.start("'second'");
    const psrp::Guid third = client.start("'third'");
    REQUIRE(client.wait([&] { return !client.run_of(first).output.empty(); }));
    REQUIRE(client.pool().stop(second));
    REQUIRE(client.wait([&] { return client.run_of(second).state.has_value(); }));
    CHECK(client.run_of(second).state == PipelineState::Stopped);
    CHECK(client.run_of(second).output.empty());
    CHECK_FALSE(client.run_of(third).state);
    REQUIRE(client.pool().stop(first));
    REQUIRE(client.wait([&] { return client.run_of(third).state.has_value(); }));
    CHECK(client.run_of(third).output.size() == 1);
    CHECK(client.close());
}

TEST_CASE("input of any size arrives in order while the script is slow to read")
{
    psrp::server::ServeOptions options;
    options.limits.input_objects_max = 4;
    tests::ServedEndpoint endpoint(options);
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    const psrp::Guid pipeline =
        client.start("Start-Sleep -Milliseconds 20; $input | Measure-Object -Sum | % Sum", false);
    for (std::int32_t i = 1; i <= 2000; ++i)
        REQUIRE(client.pool().write_input(pipeline, psrp::Value::int32(i)));
    REQUIRE(client.pool().end_input(pipeline));
    REQUIRE(client.wait([&] { return client.run_of(pipeline).state.has_value(); }));
    CHECK(client.run_of(pipeline).output == std::vector<std::string>{"<Db>2001000</Db>"});
    CHECK(client.close());
}

TEST_CASE("a client that does not read makes the pipeline wait, not the server grow")
{
    tests::ServedEndpoint endpoint;
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    const psrp::Guid pipeline = client.start("1..4000 | ForEach-Object { 'x' * 10000 }; 'last'");
    REQUIRE(client.wait([&] { return client.run_of(pipeline).state.has_value(); }));
    CHECK(client.run_of(pipeline).output.size() == 4001);
    CHECK(client.run_of(pipeline).output.back() == "<S>last</S>");

    // Nothing is read for a while, then the rest up to the stop: no more than what the buffers
    // hold.
    const psrp::Guid unread = client.start("1..100000 | ForEach-Object { 'x' * 10000 }");
    REQUIRE(client.wait([&] { return !client.run_of(unread).output.empty(); }));
    const std::size_t before = client.run_of(unread).output.size();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    REQUIRE(client.pool().stop(unread));
    REQUIRE(client.wait([&] { return client.run_of(unread).state.has_value(); }));
    CHECK(client.run_of(unread).state == PipelineState::Stopped);
    CHECK(client.run_of(unread).output.size() - before < 600);

    // One that goes away in the middle is let go.
    const psrp::Guid endless = client.start("1..10000000 | ForEach-Object { 'x' * 10000 }");
    REQUIRE(client.wait([&] { return !client.run_of(endless).output.empty(); }));
    shutdown(endpoint.descriptor(), SHUT_RDWR);
    endpoint.finish();
}

TEST_CASE("output larger than the server's text buffer arrives whole though each write takes it all"
)
{
    // With room for a full text buffer in the socket nothing but the server itself makes it go on.
    tests::ServedEndpoint endpoint({}, 1 << 20);
    tests::PoolClient client(endpoint.descriptor());
    REQUIRE(client.open());
    for (int i = 0; i < 20; ++i) {
        const auto run = client.run("'x' * 4000000");
        REQUIRE(run.state == PipelineState::Completed);
        REQUIRE(run.output.size() == 1);
        CHECK(run.output[0].size() == 4000000 + std::string_view("<S></S>").size());
    }
    CHECK(client.close());
}

TEST_CASE("a client that hangs up at any place of a session is let go")
{
    const std::string whole = [] {
        psrp::ClientPoolOptions options;
        options.runspace_pool_id.bytes.fill(7);
        psrp::ClientPool pool(options);
        psrp::OutOfProcClient framing;
        if (!pool.open()) return std::string();
        while (auto action = pool.next_action())
            (void)framing.perform(*action); // cannot be full
        return framing.take_output();
    }();
    REQUIRE(whole.size() > 100);
    for (std::size_t size = 0; size < whole.size(); size += 97) {
        tests::ServedEndpoint endpoint;
        tests::RawClient client(endpoint.descriptor());
        client.write(std::string_view(whole).substr(0, size));
        endpoint.finish();
    }
    SUCCEED();
}

TEST_CASE("what is no framing ends the server with an error line or a text on standard error")
{
    for (const char* text :
         {"garbage\n",
          "<Data\n",
          "<Data Stream='Default' PSGuid='x'>AA==</Data>\n",
          "<Unknown PSGuid='00000000-0000-0000-0000-000000000000' />\n"}) {
        INFO(text);
        tests::ServedEndpoint endpoint;
        tests::RawClient client(endpoint.descriptor());
        client.write(text);
        // Broken framing ends the server, but the stream is the test's to close.
        REQUIRE(client.read_until([&] { return !client.other_lines.empty(); }));
        const auto outcome = endpoint.finish();
        CHECK(outcome.exit_code == psrp::server::server_exit_code);
        REQUIRE(client.other_lines.size() == 1);
        CHECK(psrp::read_error_line(client.other_lines[0]).has_value());
    }

    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    psrp::server::ServeOptions options;
    options.errors = psrp::server::ErrorStyle::StandardError;
    options.error_descriptor = pipe_ends[1];
    {
        tests::ServedEndpoint endpoint(options);
        tests::RawClient client(endpoint.descriptor());
        client.write("garbage\n");
        CHECK(endpoint.finish().exit_code == psrp::server::server_exit_code);
        CHECK(client.other_lines.empty());
    }
    char buffer[256];
    CHECK(read(pipe_ends[0], buffer, sizeof buffer) > 0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_CASE("the client's host is called where it has one")
{
    const std::string script =
        "Write-Host h; Write-Host c -ForegroundColor Red; Write-Warning w; 'x'";
    for (const bool has_host : {false, true}) {
        tests::ServedEndpoint endpoint;
        tests::PoolClient client(endpoint.descriptor(), has_host);
        REQUIRE(client.open());
        const auto run = client.run(script);
        const std::vector<std::int32_t> methods =
            has_host ? std::vector<std::int32_t>{16, 17, 22} : std::vector<std::int32_t>{};
        CHECK(run.host_methods == methods);
        CHECK(client.close());
    }
}
