#include <tests/support/vector_file.hpp>

#include <catch2/catch.hpp>

TEST_CASE("a missing vector file is an error that names it")
{
    CHECK_THROWS_WITH(
        tests::read_vector_file("clixml/absent.jsonl"), Catch::Contains("clixml/absent.jsonl")
    );
}

TEST_CASE("every JSON lines file of the vectors reads")
{
    struct Row {
        const char* folder;
        std::size_t cases_min;
    };
    const Row rows[] = {{"clixml", 340}, {"psrp", 500}, {"psrp-bad", 100}, {"format", 50}};
    for (const auto& row : rows) {
        std::size_t cases = 0;
        for (const auto& path : tests::list_vector_files(row.folder, ".jsonl")) {
            cases += tests::read_vector_file(path).size();
        }
        INFO(row.folder);
        CHECK(cases >= row.cases_min);
    }
}
