#include <clixml/origin.hpp>
#include <clixml/reader.hpp>
#include <psrp/format/object_formatter.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace {

using clixml::Value;

// The recorded packets of one case, as they come from a server with this number.
struct Packets {
    Packets(const std::string& name, std::uint8_t server)
    {
        clixml::Guid runspace;
        runspace.bytes.fill(server);
        for (const auto& line : tests::read_vector_file("format/packets.jsonl")) {
            if (line.name != name) continue;
            for (const auto& text : line.fields.at("wire")) {
                auto read = clixml::Document::read(text.get<std::string>(), clixml::ReadOptions{});
                REQUIRE(read.has_value());
                documents.push_back(std::move(*read));
                clixml::Document& last = documents.back();
                values.push_back(
                    clixml::with_origin(last.arena(), last.value(), "srv", runspace, true)
                );
            }
        }
        REQUIRE(values.size() == 7); // a layout with a group of three entries
    }

    std::vector<clixml::Document> documents;
    std::vector<Value> values;
};

struct Printer {
    std::string text;
    psrp::ObjectFormatter formatter{{}, [this](std::string_view line) {
                                        text += line;
                                        text += '\n';
                                    }};
};

const std::string table = "\nN Name       Big\n"
                          "- ----       ---\n"
                          "1 n    100000.50\n"
                          "2 nn   200001.00\n"
                          "3 nnn  300001.50\n\n";

} // namespace

TEST_CASE("servers that write at once each have a layout of their own")
{
    const Packets one("table", 1);
    const Packets two("table", 2);
    Printer printer;
    for (std::size_t i = 0; i < one.values.size(); ++i) {
        printer.formatter.write(one.values[i]);
        printer.formatter.write(two.values[i]);
    }
    printer.formatter.finish();
    // What begins a layout, and what ends it, is printed at once, rows where the group ends.
    const std::string rows = table.substr(1, table.size() - 2);
    CHECK(printer.text == "\n\n" + rows + rows + "\n\n");
}

TEST_CASE("a layout that is cut off anywhere is printed as far as it came, and another one after it"
)
{
    const Packets packets("table", 1);
    for (std::size_t count = 0; count <= packets.values.size(); ++count) {
        INFO(count);
        Printer printer;
        for (std::size_t i = 0; i < count; ++i)
            printer.formatter.write(packets.values[i]);
        if (count % 2 == 0) printer.formatter.finish();
        for (const Value& value : packets.values)
            printer.formatter.write(value);
        printer.formatter.finish();
        CHECK(printer.text.ends_with(table));
        CHECK((printer.text.find("\n2 nn ") < printer.text.rfind("\n2 nn ")) == (count > 3));
    }
}

TEST_CASE("packets that belong to no layout print nothing")
{
    const Packets packets("table", 1);
    for (std::size_t first = 1; first < packets.values.size(); ++first) {
        Printer printer;
        for (std::size_t i = first; i < packets.values.size(); ++i)
            printer.formatter.write(packets.values[i]);
        printer.formatter.finish();
        CHECK(printer.text.empty());
    }
}

TEST_CASE(
    "rows of a server wait for their widths until they are flushed, those of -AutoSize for all"
)
{
    for (const char* name : {"table", "table-auto"}) {
        const bool waits_for_all = std::string(name) == "table-auto";
        const Packets packets(name, 1);
        Printer printer;
        for (std::size_t i = 0; i < 3; ++i)
            printer.formatter.write(packets.values[i]);
        CHECK(printer.text == "\n");
        CHECK(printer.formatter.has_waiting_rows() == !waits_for_all);
        printer.formatter.flush();
        CHECK((printer.text == "\n") == waits_for_all);
        for (std::size_t i = 3; i < packets.values.size(); ++i)
            printer.formatter.write(packets.values[i]);
        CHECK(printer.text == table);
    }
}

TEST_CASE("packets that lack their members, or have others, print what is there")
{
    // Each member of each packet in turn is taken away, or is a number.
    const Packets original("table", 1);
    for (std::size_t packet = 0; packet < original.values.size(); ++packet) {
        const std::size_t count = original.values[packet].object()->adapted().size();
        for (std::size_t member = 0; member < count; ++member) {
            Packets packets("table", 1);
            clixml::Object* object = packets.documents[packet].value().object();
            const std::string name(object->adapted()[member].name_text());
            object->set_note(packets.documents[packet].arena(), name, Value::int32(7));
            Printer printer;
            for (const Value& value : packets.values)
                printer.formatter.write(value);
            printer.formatter.finish();
            CHECK(printer.text.size() < 4000);
        }
    }
}
