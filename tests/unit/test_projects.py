"""One project, whatever the folder: real repositories in every form."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_memory.capture.project import projects
from agent_memory.capture.project.git import checkouts, first_commit, remotes, texts
from agent_memory.capture.project.projects import Project, Projects
from agent_memory.capture.wire import HookCall, parse

TOOL = "https://github.com/acme/tool.git"
ALONE = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "dev@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(folder: Path, *words: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        env=ALONE,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def repository(folder: Path, remote: str = "", commits: int = 1) -> Path:
    git(folder, "init", "--quiet", "--initial-branch", "main")
    for number in range(commits):
        git(folder, "commit", "--quiet", "--allow-empty", "--message", f"Step {number}")
    if remote:
        git(folder, "remote", "add", "origin", remote)
    return folder


def project_id(folder: Path, renamed: dict[str, str] | None = None) -> str:
    return Projects(renamed or {}).of(str(folder)).project_id


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/tool.git",
        "https://github.com/acme/tool",
        "https://github.com/acme/tool/",
        "HTTPS://GitHub.com/Acme/Tool.git",
        "https://dev:secret@github.com/acme/tool.git",
        "https://github.com:443/acme//tool.git?access_token=secret#readme",
        "git@github.com:acme/tool.git",
        "github.com:acme/tool",
        "ssh://git@github.com/acme/tool.git",
        "ssh://git@ssh.github.com:443/acme/tool.git",
        "git+ssh://git@github.com/acme/tool",
        "git://github.com/acme/tool.git",
        " git@github.com:/acme/tool.git\n",
        "https::https://github.com/acme/tool.git",
    ],
)
def test_every_way_to_write_an_address_is_one_name(address: str) -> None:
    """Scheme, user, password, port, query and suffix say how to get there, not what is there."""
    assert remotes.name_of(address) == "github.com/acme/tool"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("git@git.example.org:Team/Tool.git", "git.example.org/Team/Tool"),  # this host may tell cases apart
        ("ssh://dev@git.example.org/~dev/tool", "git.example.org/~dev/tool"),
        ("http://[::1]:3000/acme/tool.git", "[::1]/acme/tool"),
        ("git@[2001:db8::1]:acme/tool.git", "[2001:db8::1]/acme/tool"),
        ("https://git.example.org./acme/werkzeug-größe.git", "git.example.org/acme/werkzeug-größe"),
        ("file:///srv/git/tool.git", ""),
        ("/srv/git/tool.git", ""),
        ("../tool", ""),
        ("", ""),
        ("https://", ""),
        ("https://github.com/", ""),
        ("https://github.com/acme/to\x1bol", ""),
        ("https://github.com/" + "a" * 600, ""),
    ],
)
def test_a_name_is_host_and_path(address: str, name: str) -> None:
    """What leads to a folder, or nowhere, has none."""
    assert remotes.name_of(address) == name


@given(st.text(max_size=60))
def test_no_text_is_too_odd_for_an_address(text: str) -> None:
    """Whatever it is, a name has no control character, and no password before its host."""
    name = remotes.name_of(text)

    assert name.isprintable()
    assert "@" not in name.partition("/")[0]


def test_a_config_is_read_as_git_reads_it(tmp_path: Path) -> None:
    """Quotes, escapes, comments, joined lines, odd cases: what git says of them is what we say."""
    config = (
        '# [remote "no"] url = https://no.example.org/no\n'
        "[core]\n\tbare = false\n"
        '[Remote "origin"] URL = "https://a.example.org/with;semicolon#hash" ; a comment\n'
        "\turl = https://second.example.org/x\n"
        '[remote "quo\\"ted \\\\ name"]\n\turl = https://b.example.org/\\\n  joined\n'
        '[branch "main"]\n\tremote = origin\n\turl = https://not.example.org/a-remote\n'
        '[remote "empty"]\n\turl =\n\tfetch = +refs/heads/*:refs/remotes/empty/*\n'
        '[remote "last"]\n\turl = git@c.example.org:d.git'
    )
    file = tmp_path / "config"
    file.write_text(config, encoding="utf-8")

    found = texts.remotes(config)

    assert found["origin"] == "https://a.example.org/with;semicolon#hash"
    assert list(found) == ["origin", 'quo"ted \\ name', "last"]
    for name, address in found.items():
        said = git(tmp_path, "config", "--file", str(file), "--get-all", f"remote.{name}.url").splitlines()
        assert said[0] == address


@given(st.text(max_size=200) | st.text(st.sampled_from('[]"\\=#;\n remote.url'), max_size=60))
def test_no_text_is_too_odd_for_a_config(text: str) -> None:
    """A broken config names fewer remotes, and does nothing else."""
    assert all(texts.remotes(text).values())


def test_worktrees_subfolders_and_moved_folders_are_one_project(tmp_path: Path) -> None:
    """Each says the branch that it is on."""
    main = repository(tmp_path / "tool", TOOL)
    git(main, "worktree", "add", "--quiet", "-b", "feature/search", "../elsewhere")
    inside = tmp_path / "elsewhere" / "deep" / "inside"
    inside.mkdir(parents=True)
    found = Projects({})

    assert found.of(str(main)) == Project("github.com/acme/tool", "main")
    assert found.of(str(inside)) == Project("github.com/acme/tool", "feature/search")

    main.rename(tmp_path / "renamed")

    assert found.of(str(tmp_path / "renamed")) == Project("github.com/acme/tool", "main")


def test_a_clone_is_the_same_project_and_a_fork_another(tmp_path: Path) -> None:
    """Both have every commit in common; the remote tells them apart, also where the fork knows its upstream."""
    repository(tmp_path / "tool", TOOL)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "tool", "clone")
    git(clone, "remote", "set-url", "origin", "git@github.com:Acme/Tool")
    git(tmp_path, "clone", "--quiet", "tool", "fork")
    git(tmp_path / "fork", "remote", "add", "a-first-one", TOOL)
    git(tmp_path / "fork", "remote", "set-url", "origin", "git@github.com:dev/tool.git")

    assert project_id(clone) == project_id(tmp_path / "tool") == "github.com/acme/tool"
    assert project_id(tmp_path / "fork") == "github.com/dev/tool"


def test_a_clone_of_a_folder_is_what_the_folder_is(tmp_path: Path) -> None:
    """By way of its remote's remote, or by the first commit, which is there also when the folder is gone."""
    alone = repository(tmp_path / "alone")
    git(tmp_path, "clone", "--quiet", "--bare", "alone", "hub.git")
    git(tmp_path, "clone", "--quiet", "hub.git", "copy")
    first = git(alone, "rev-list", "--max-parents=0", "HEAD")

    assert {project_id(tmp_path / name) for name in ("alone", "hub.git", "copy")} == {f"git:{first}"}

    git(tmp_path / "hub.git", "remote", "set-url", "origin", TOOL)
    assert project_id(tmp_path / "copy") == "github.com/acme/tool"

    git(tmp_path, "clone", "--quiet", "--shared", "alone", "borrower")
    assert not list((tmp_path / "borrower" / ".git" / "objects").glob("??"))
    assert project_id(tmp_path / "borrower") == f"git:{first}"

    shutil.rmtree(tmp_path / "hub.git")
    assert project_id(tmp_path / "copy") == f"git:{first}"


def test_remotes_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    """Two clones that name each other are named by their first commit."""
    one = repository(tmp_path / "one", "../two")
    shutil.copytree(one, tmp_path / "two")
    git(tmp_path / "two", "remote", "set-url", "origin", "../one")

    assert project_id(one).startswith("git:")
    assert project_id(one) == project_id(tmp_path / "two")


def test_without_a_remote_the_first_commit_is_the_name(tmp_path: Path) -> None:
    """Wherever the folder is moved, and however its objects are kept: loose, packed, as differences."""
    folder = repository(tmp_path / "alone", commits=40)
    first = git(folder, "rev-list", "--max-parents=0", "HEAD")
    assert project_id(folder) == f"git:{first}"

    git(folder, "repack", "--quiet", "-a", "-d", "-f", "--depth=40", "--window=40")
    git(folder, "pack-refs", "--all")
    assert "chain length" in git(folder, "verify-pack", "--verbose", *map(str, folder.glob(".git/objects/pack/*.idx")))
    folder.rename(tmp_path / "moved")

    assert project_id(tmp_path / "moved") == f"git:{first}"


def test_a_repository_with_longer_ids_is_read_too(tmp_path: Path) -> None:
    """SHA-256 ids have 64 digits, in loose objects and in packs."""
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "long")
    for _ in range(3):
        git(tmp_path / "long", "commit", "--quiet", "--allow-empty", "--message", "a step")
    first = git(tmp_path / "long", "rev-list", "--max-parents=0", "HEAD")
    assert project_id(tmp_path / "long") == f"git:{first}"

    git(tmp_path / "long", "repack", "--quiet", "-a", "-d")
    assert project_id(tmp_path / "long") == f"git:{first}"


def test_a_submodule_is_a_project_of_its_own(tmp_path: Path) -> None:
    """Its remote is another repository's; a worktree of a bare repository has that one's."""
    library = repository(tmp_path / "library", "https://github.com/acme/library")
    tool = repository(tmp_path / "tool", TOOL)
    git(tool, "submodule", "--quiet", "add", str(library), "vendored/library")
    git(tmp_path, "clone", "--quiet", "--bare", str(tool), "bare/.bare")
    git(tmp_path / "bare/.bare", "remote", "set-url", "origin", TOOL)
    git(tmp_path / "bare/.bare", "worktree", "add", "--quiet", "../trunk", "main")

    assert project_id(tool / "vendored" / "library") == "github.com/acme/library"
    assert project_id(tmp_path / "bare" / "trunk") == project_id(tmp_path / "bare/.bare") == "github.com/acme/tool"


def test_without_a_commit_or_a_repository_the_folder_is_the_name(tmp_path: Path) -> None:
    """Also when it is gone, or never was; a link is what it leads to."""
    git(tmp_path, "init", "--quiet", "new")
    (tmp_path / "link").symlink_to(tmp_path / "new")
    (tmp_path / "new" / "sub").mkdir()

    assert project_id(tmp_path / "new" / "sub") == project_id(tmp_path / "link") == str(tmp_path / "new")
    assert project_id(tmp_path / "gone") == str(tmp_path / "gone")


def test_a_home_kept_in_git_is_not_the_project_of_all_in_it(tmp_path: Path) -> None:
    """It is its own; a repository below it is found before."""
    repository(tmp_path, "https://github.com/dev/dotfiles")
    repository(tmp_path / "tool", TOOL)
    (tmp_path / "notes").mkdir()
    found = Projects({}, home=str(tmp_path))

    assert found.of(str(tmp_path)).project_id == "github.com/dev/dotfiles"
    assert found.of(str(tmp_path / "notes")) == Project(str(tmp_path / "notes"))
    assert found.of(str(tmp_path / "tool")).project_id == "github.com/acme/tool"


def test_what_changes_is_seen_at_once(tmp_path: Path) -> None:
    """Another branch, a commit alone, another remote: nothing that was remembered outlives its file."""
    folder = repository(tmp_path / "tool", TOOL)
    found = Projects({})
    assert found.of(str(folder)) == Project("github.com/acme/tool", "main")

    git(folder, "checkout", "--quiet", "-b", "next")
    assert found.of(str(folder)).branch == "next"
    git(folder, "checkout", "--quiet", "--detach")
    assert found.of(str(folder)).branch == ""
    git(folder, "remote", "set-url", "origin", "https://github.com/acme/other")
    assert found.of(str(folder)).project_id == "github.com/acme/other"


def test_what_a_project_was_called_before_is_known(tmp_path: Path) -> None:
    """A folder, then a first commit, then a remote: its names are all three. Those of a clone never were its own."""
    folder = tmp_path / "tool"
    git(folder, "init", "--quiet", "--initial-branch", "main")
    found = Projects({})
    names = [found.of(str(folder)).project_id]
    repository(folder)
    names.append(found.of(str(folder)).project_id)
    git(folder, "remote", "add", "origin", TOOL)
    names.append(found.of(str(folder)).project_id)
    git(tmp_path, "clone", "--quiet", "tool", "clone")

    assert found.names(str(folder)) == tuple(reversed(names))
    assert found.names(str(tmp_path / "clone")) == ("github.com/acme/tool", str(tmp_path / "clone"))


def test_a_user_merges_two_names(tmp_path: Path) -> None:
    """New events have the new name, and what is asked of the project is asked of both."""
    folder = repository(tmp_path / "tool", TOOL)
    renamed = {"github.com/acme/tool": "tool", "/home/dev/old/tool": "tool", "/home/dev/else": "other"}
    found = Projects(renamed)

    assert found.of(str(folder)).project_id == "tool"
    assert set(found.names(str(folder))) >= {"tool", "github.com/acme/tool", "/home/dev/old/tool"}
    assert "/home/dev/else" not in found.names(str(folder))


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"[remote", b'[remote "o"]\nurl = \xff\xfe', b"[" * 300_000])
def test_a_broken_repository_costs_nothing_but_its_name(tmp_path: Path, content: bytes) -> None:
    """Whichever of its files holds whatever."""
    folder = repository(tmp_path / "tool", commits=3)
    git(folder, "repack", "--quiet", "-a", "-d")
    for path in [*(folder / ".git").rglob("*")]:
        if path.is_file():
            kept = path.read_bytes()
            path.chmod(0o600)
            path.write_bytes(content)
            assert Projects({}).of(str(folder)).project_id
            path.write_bytes(kept)
    shutil.rmtree(folder / ".git")
    (folder / ".git").write_bytes(content)

    assert project_id(folder) == str(folder)


def test_pipes_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    """A `.git` that is a pipe, and one that leads to a device, are no repositories."""
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / ".git")
    folder = repository(tmp_path / "tool")
    (folder / ".git" / "config").unlink()
    (folder / ".git" / "config").symlink_to("/dev/zero")

    assert project_id(tmp_path / "pipe") == str(tmp_path / "pipe")
    assert project_id(folder).startswith("git:")


def test_a_git_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder's name has to do."""
    folder = repository(tmp_path / "tool")
    program(tmp_path / "bin" / "git", "exec tail -f /dev/null")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(first_commit, "TIMEOUT_S", 0.1)

    assert project_id(folder) == str(folder)


def test_without_git_the_folder_is_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote is known without it."""
    alone, tool = repository(tmp_path / "alone"), repository(tmp_path / "tool", TOOL)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert project_id(alone) == str(alone)
    assert project_id(tool) == "github.com/acme/tool"


def test_git_is_asked_once_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository(tmp_path / "tool")
    asked = tmp_path / "asked"
    program(tmp_path / "bin" / "git", f'echo once >>{asked}\nexec {shutil.which("git")} "$@"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    found = Projects({})

    names = {found.of(str(folder)).project_id for _ in range(3)}
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Another")
    names.add(found.of(str(folder)).project_id)

    assert len(names) == 1
    assert asked.read_text() == "once\n"


def test_a_shallow_clone_has_no_first_commit(tmp_path: Path) -> None:
    """Where it was cut off is no name: the next one is cut off elsewhere."""
    repository(tmp_path / "whole", commits=3)
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path}/whole", "shallow")
    git(tmp_path / "shallow", "remote", "remove", "origin")

    assert project_id(tmp_path / "shallow") == str(tmp_path / "shallow")


def test_of_several_first_commits_the_one_of_the_first_parents_is_the_name(tmp_path: Path) -> None:
    """A history that was merged in is no project of its own. A replaced commit, and one grafted, are what they were."""
    folder = repository(tmp_path / "tool", commits=2)
    first = git(folder, "rev-list", "--max-parents=0", "HEAD")
    git(folder, "checkout", "--quiet", "--orphan", "other")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Another beginning")
    other = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "--quiet", "main")
    git(folder, "merge", "--quiet", "--allow-unrelated-histories", "--message", "Both", "other")
    assert set(git(folder, "rev-list", "--max-parents=0", "HEAD").split()) == {first, other}
    assert project_id(folder) == f"git:{first}"

    git(folder, "replace", first, other)
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "grafts").write_text(git(folder, "rev-parse", "HEAD") + "\n")
    assert project_id(folder) == f"git:{first}"


def test_nothing_that_a_repository_names_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by its config nor by this process's environment; where a program would have to, there is no name."""
    folder = repository(tmp_path / "tool", commits=2)
    first = git(folder, "rev-list", "--max-parents=0", "HEAD")
    run = program(tmp_path / "run", f"touch {tmp_path / 'was-run'}")
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "credential.helper"):
        git(folder, "config", name, str(run))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(tmp_path / "was-run"))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(run))

    assert project_id(folder) == f"git:{first}"

    git(folder, "config", "extensions.partialClone", "else")
    git(folder, "config", "remote.else.promisor", "true")
    (folder / ".git" / "objects" / first[:2] / first[2:]).unlink()
    assert project_id(folder) == str(folder)
    assert not (tmp_path / "was-run").exists()


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return path


def call(**fields: str) -> HookCall:
    return parse(json.dumps({"session_id": "s1", "hook_event_name": "Stop", **fields}).encode())


def test_a_call_gets_its_project_and_branch(tmp_path: Path) -> None:
    """Of the folder the session was opened in, also when the agent stands in another repository by now."""
    tool, other = repository(tmp_path / "tool", TOOL), repository(tmp_path / "other", "https://github.com/acme/other")
    found = Projects({})

    completed = found.with_project(call(project=str(tool), cwd=str(other)))
    assert (completed.project_id, completed.git_branch) == ("github.com/acme/tool", "main")

    only_cwd = found.with_project(call(cwd=str(other)))
    assert only_cwd.project_id == "github.com/acme/other"
    assert found.with_project(call(cwd=str(tmp_path))).project_id == ""


def test_the_branch_of_a_late_call_is_not_made_up(tmp_path: Path) -> None:
    """A letter may have waited for days; the folder says what is so now."""
    tool = repository(tmp_path / "tool", TOOL)

    completed = Projects({}).with_project(call(project=str(tool)), late_ms=projects.LATE_MS + 1)

    assert (completed.project_id, completed.git_branch) == ("github.com/acme/tool", "")


def test_odd_folders_are_their_own_names() -> None:
    """What a payload names need not be a path."""
    found = Projects({})

    for folder in ("relative/path", "C:\\Users\\dev\\tool", "/with\0nul", "/" + "x" * 5000, "/" + "deep/" * 3000):
        assert found.of(folder).project_id
    assert checkouts.find("/") is None


@pytest.mark.parametrize(
    "address",
    [
        "https://dev.azure.com/acme/Web%20Shop/_git/api",
        "https://acme@dev.azure.com/acme/Web Shop/_git/api",
        "git@ssh.dev.azure.com:v3/acme/Web%20Shop/api",
        "acme@vs-ssh.visualstudio.com:v3/acme/Web%20Shop/api",
        "https://acme.visualstudio.com/DefaultCollection/Web%20Shop/_git/api",
        "https://acme.visualstudio.com/Web%20Shop/_git/api",
    ],
)
def test_azures_addresses_are_one_name(address: str) -> None:
    """The web's, the old web's, and those of ssh."""
    assert remotes.name_of(address) == "dev.azure.com/acme/web shop/_git/api"


def test_a_first_repository_of_azures_has_its_projects_name() -> None:
    short = remotes.name_of("https://dev.azure.com/acme/_git/api")

    assert short == remotes.name_of("git@ssh.dev.azure.com:v3/acme/api/api") == "dev.azure.com/acme/api/_git/api"


def test_addresses_are_what_git_and_ssh_make_of_them(tmp_path: Path) -> None:
    """`insteadOf` in the user's files and in the repository's, the longest that fits; and ssh's names for hosts."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text(
        "Host *\n  User git\nHost work !no-work other-work\n\tHostName=github.com\nMatch all\n HostName x\n"
    )
    (home / ".gitconfig").write_text(
        '[url "https://github.com/"]\n insteadOf = gh:\n[url "git@work:acme/"]\n insteadOf = gh:acme/\n'
        "[include]\n path = more.inc\n"
    )
    (home / "more.inc").write_text('[url "https://gitlab.com/"]\n\tinsteadof = gl:\n')
    projects = Projects({}, str(home))

    def project(remote: str) -> str:
        return projects.with_project(replace(call(cwd="/gone", project="/gone"), git_origin=remote)).project_id

    assert project("gh:Else/tool.git") == "github.com/else/tool"
    assert project("gh:acme/tool") == "github.com/acme/tool"
    assert project("work:acme/tool") == project("ssh://git@work/acme/tool") == "github.com/acme/tool"
    assert project("git@other-work:acme/tool") == "github.com/acme/tool"
    assert project("gl:acme/tool") == "gitlab.com/acme/tool"
    assert project("git@workplace:acme/tool") == "workplace/acme/tool"
    assert project("https://work/acme/tool") == "work/acme/tool"
    folder = repository(tmp_path / "here", remote="gh:acme/tool")
    config = folder / ".git" / "config"
    config.write_text(config.read_text() + '[url "https://codeberg.org/"]\n insteadOf = gh:acme\n')
    assert projects.of(str(folder)).project_id == "github.com/acme/tool"


def test_a_deleted_worktree_is_of_the_repository_that_the_transcript_names(tmp_path: Path) -> None:
    """By its address or by its folder; a folder that is still there says for itself whose it is."""
    folder = repository(tmp_path / "here", remote="https://github.com/acme/tool")
    projects = Projects({"github.com/acme/old": "github.com/acme/tool"}, str(tmp_path))
    gone = call(cwd="/gone/tree", project="/gone/tree")

    assert projects.with_project(gone).project_id == "/gone/tree"
    for origin in (str(folder), "git@github.com:acme/tool.git", "git@github.com:acme/old.git"):
        assert projects.with_project(replace(gone, git_origin=origin)).project_id == "github.com/acme/tool"
    other = repository(tmp_path / "other", remote="https://github.com/acme/other")
    there = replace(call(cwd=str(other), project=str(other)), git_origin=str(folder))
    assert projects.with_project(there).project_id == "github.com/acme/other"
