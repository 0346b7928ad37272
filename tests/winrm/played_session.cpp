#include <tests/winrm/played_session.hpp>

#include <catch2/catch.hpp>

#include <utility>

namespace tests {

const std::string played_output = "one two <a> <b> <c> three 1 ";

PlayedSession play(PoolDriver& client)
{
    using State = psrp::RunspacePoolState;
    PlayedSession played;
    std::vector<psrp::Guid> begun;
    const auto step = [&](auto action) {
        if (!client.is_over()) action();
    };
    const auto start = [&](const std::string& script, bool has_input = false) {
        return begun.emplace_back(client.start(script, has_input));
    };
    const auto take_output = [&](const psrp::Guid& pipeline) {
        client.wait(pipeline);
        for (const std::string& line : client.output[pipeline])
            played.output += line + " ";
    };
    client.open();
    played.was_opened = client.state() == State::Opened;
    step([&] { take_output(start("$x = $x + 1; 'one'; 'two'")); });
    step([&] {
        const auto fed = start("$input | ForEach-Object { \"<$_>\" }", true);
        for (const char* text : {"a", "b", "c"})
            client.write(fed, text);
        REQUIRE(client.pool().end_input(fed));
        take_output(fed);
    });
    step([&] {
        const auto endless = played.endless = start("Start-Sleep -Seconds 3600");
        client.until([&] { return !client.pool().is_sending(endless); });
        if (!client.is_over()) REQUIRE(client.pool().stop(endless));
        client.wait(endless);
    });
    step([&] {
        client.leave();
        played.was_left = client.state() == State::Disconnected;
        if (played.was_left) client.come_back();
    });
    step([&] { take_output(start("\"three $x\"")); });
    played.state = client.state();
    for (const psrp::Guid& pipeline : begun) {
        const auto found = client.finished.find(pipeline);
        using psrp::PipelineState;
        const bool has_ended =
            found != client.finished.end() &&
            (found->second == PipelineState::Completed || found->second == PipelineState::Stopped);
        if (!has_ended) played.open_pipelines.push_back(pipeline);
    }
    client.close();
    played.error = client.error();
    return played;
}

} // namespace tests
