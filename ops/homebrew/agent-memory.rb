# The formula of a release: release.py --from URL puts the address and the hash of its source here.
class AgentMemory < Formula
  desc "Local daemon that remembers what you and your coding agents said and did"
  homepage "@HOMEPAGE@"
  url "@URL@"
  sha256 "@SHA256@"
  license all_of: ["MIT", "Apache-2.0"]

  depends_on "python@3.13"

  def install
    python = Formula["python@3.13"].opt_bin/"python3.13"
    system python, "-m", "venv", libexec
    pip = [libexec/"bin/python", "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check"]
    # The very files that the release was tested with, each by its hash; among them what builds the package.
    system(*pip, "--require-hashes", "--only-binary=:all:", "--requirement", buildpath/"requirements.lock")
    system(*pip, "--no-deps", "--no-build-isolation", buildpath)
    bin.install_symlink libexec/"bin/memory-daemon", libexec/"bin/memory-ingest"
    man1.install Dir["ops/man/*.1"]
    generate_completions_from_executable(bin/"memory-daemon", "completion")
  end

  service do
    run [opt_bin/"memory-daemon", "start", "--foreground"]
    keep_alive crashed: true
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/memory-daemon --version")
    assert_match "in the table of contents", shell_output("#{bin}/memory-daemon demo")
  end
end
