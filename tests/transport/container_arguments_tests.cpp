#include <psrp/transport/container_arguments.hpp>
#include <psrp/transport/errors.hpp>

#include <catch2/catch.hpp>

using namespace psrp;

using Arguments = std::vector<std::string>;

TEST_CASE("the command line into a container is the engine's exec, without a shell")
{
    CHECK(
        *container_arguments({.id = "web 1", .engine = "/usr/bin/docker"}) ==
        Arguments{"/usr/bin/docker", "exec", "-i", "web 1", "pwsh", "-s", "-NoLogo", "-NoProfile"}
    );
    CHECK(
        *container_arguments({.id = "a", .engine = "podman", .command = {"psrp", "serve", "-s"}}) ==
        Arguments{"podman", "exec", "-i", "a", "psrp", "serve", "-s"}
    );
}

TEST_CASE("what an engine would misunderstand is refused")
{
    const ContainerTarget rows[] = {
        {.id = "", .engine = "docker"},
        {.id = "--privileged", .engine = "docker"},
        {.id = "a", .engine = ""},
        {.id = "a", .engine = "docker", .command = {}},
    };
    for (const ContainerTarget& row : rows) {
        INFO(row.id);
        const auto arguments = container_arguments(row);
        REQUIRE_FALSE(arguments);
        CHECK(arguments.error() == make_error_code(TransportErrc::InvalidContainer));
    }
}
