#include <psrp/client/input_queue.hpp>
#include <psrp/client/line_input.hpp>
#include <psrp/transport/byte_stream.hpp>

#include <catch2/catch.hpp>

#include <cstdio>
#include <string>
#include <unistd.h>

TEST_CASE("each reader sees every item at its own pace")
{
    psrp::InputQueue queue;
    const auto first = queue.add_reader();
    const auto second = queue.add_reader();
    queue.push_line("a");
    queue.push_value(clixml::Value::int32(2));
    REQUIRE(queue.has_item(first));
    CHECK(queue.item(first).text() == "a");
    queue.pass(first);
    CHECK(queue.item(first).kind() == clixml::Kind::Int32);
    CHECK(queue.item(second).text() == "a");
    queue.pass(first);
    CHECK_FALSE(queue.has_item(first));
    CHECK_FALSE(queue.is_at_end(first));
    queue.end();
    CHECK(queue.is_at_end(first));
    CHECK_FALSE(queue.is_at_end(second));
    queue.remove_reader(second);
    CHECK_FALSE(queue.has_item(second));
}

TEST_CASE("a queue wants more until a reader is behind by its limit")
{
    psrp::InputQueue queue;
    CHECK_FALSE(queue.wants_more()); // nobody reads
    const auto reader = queue.add_reader();
    CHECK(queue.wants_more());
    const std::string line(1000, 'x');
    std::size_t pushed = 0;
    while (queue.wants_more()) {
        queue.push_line(line);
        ++pushed;
    }
    CHECK(pushed > 900);
    queue.pass(reader);
    CHECK(queue.wants_more());
    queue.end();
    CHECK_FALSE(queue.wants_more());
}

TEST_CASE("bytes that are no UTF-8 become replacement characters")
{
    psrp::InputQueue queue;
    const auto reader = queue.add_reader();
    queue.push_line("a\xFF"
                    "b\xED\xA0\x80");
    CHECK(
        queue.item(reader).text() == "a\xEF\xBF\xBD"
                                     "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
    );
}

TEST_CASE("a pipe or file is a source of input until it is at its end")
{
    auto pipe = psrp::make_pipe();
    REQUIRE(pipe.has_value());
    const int reader = pipe->reader.number();
    CHECK(psrp::is_input_source(reader));
    REQUIRE(::write(pipe->writer.number(), "a", 1) == 1);
    pipe->writer.reset();
    CHECK(psrp::is_input_source(reader));
    char byte = 0;
    REQUIRE(::read(reader, &byte, 1) == 1);
    CHECK_FALSE(psrp::is_input_source(reader));

    std::FILE* file = std::tmpfile();
    REQUIRE(file != nullptr);
    CHECK_FALSE(psrp::is_input_source(::fileno(file)));
    REQUIRE(::write(::fileno(file), "a", 1) == 1);
    CHECK_FALSE(psrp::is_input_source(::fileno(file)));
    REQUIRE(::lseek(::fileno(file), 0, SEEK_SET) == 0);
    CHECK(psrp::is_input_source(::fileno(file)));
    std::fclose(file);
}

TEST_CASE("lines of a pipe become items, with and without a last line end")
{
    auto pipe = psrp::make_pipe();
    REQUIRE(pipe.has_value());
    psrp::InputQueue queue;
    const auto reader = queue.add_reader();
    psrp::LineInput input(pipe->reader.number(), queue);
    CHECK(psrp::is_input_source(pipe->reader.number()));
    REQUIRE(::write(pipe->writer.number(), "a\r\n\nb", 5) == 5);
    input.on_readable(pipe->reader.number());
    pipe->writer.reset();
    input.on_readable(pipe->reader.number());
    std::string seen;
    for (; queue.has_item(reader); queue.pass(reader)) {
        seen += std::string(queue.item(reader).text()) + "|";
    }
    CHECK(seen == "a||b|");
    CHECK(queue.is_at_end(reader));
    std::vector<psrp::PollEntry> entries;
    input.append_poll_entries(entries);
    CHECK(entries.empty());
}
