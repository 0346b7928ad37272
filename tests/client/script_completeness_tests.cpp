#include <psrp/client/script_completeness.hpp>
#include <tests/support/exact_buffer.hpp>
#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

TEST_CASE("what goes on in the next line is what PowerShell's parser says")
{
    for (const auto& row : tests::read_vector_file("completeness.jsonl")) {
        const std::string script = row.text("script");
        CAPTURE(script);
        CHECK(psrp::is_incomplete_script(script) == row.fields.at("incomplete").get<bool>());
    }
}

TEST_CASE("no prefix and no end of a script is read beyond its border")
{
    for (const auto& row : tests::read_vector_file("completeness.jsonl")) {
        const std::string script = row.text("script");
        for (std::size_t at = 0; at <= script.size(); ++at) {
            const tests::ExactBuffer start(std::string_view(script).substr(0, at));
            const tests::ExactBuffer end(std::string_view(script).substr(at));
            (void)psrp::is_incomplete_script(start.text());
            (void)psrp::is_incomplete_script(end.text());
        }
    }
}
