#!/usr/bin/env bash
# Build the images of deploy/docker, over a base that is made of Debian's packages, as no registry of
# images is asked; with `stack`, run deploy/compose by Podman to a film, out/stack.mp4, and remove it.
# For root on Linux; systemd is not needed. What Podman and Buildah keep stays in their own storage.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(aardvark-dns buildah ca-certificates catatonit iptables mmdebstrap netavark podman runc)
if missing=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${packages[@]}" 2>&1 | grep -v '^ii'); then
	echo "$missing"
	echo "run: apt-get install --no-install-recommends ${packages[*]}"
	exit 1
fi

folder=$(mktemp -d)
ended=()
leave() {
	for pid in "${ended[@]}"; do kill "$pid" 2> "$folder/kill" || true; done
	rm -rf "$folder"
}
trap leave EXIT

# As Podman works where no systemd is and the kernel's control groups are of both kinds.
cat > "$folder/containers.conf" << 'END'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
END
export CONTAINERS_CONF=$folder/containers.conf

build() { buildah bud --quiet --format docker --isolation chroot --network host "$@"; }

if ! podman image exists localhost/s2v-base:debian; then
	mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates \
		bookworm "$folder/root.tar"
	podman import --quiet "$folder/root.tar" localhost/s2v-base:plain
	mkdir "$folder/base"
	cp /etc/ssl/certs/ca-certificates.crt "$folder/base/"
	printf 'FROM localhost/s2v-base:plain\nCOPY ca-certificates.crt /etc/ssl/certs/\nENV PIP_CERT=%s\n' \
		/etc/ssl/certs/ca-certificates.crt > "$folder/base/Dockerfile"
	build -t localhost/s2v-base:debian "$folder/base"
fi
mkdir "$folder/sources"
git archive HEAD | tar -x -C "$folder/sources"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
for target in s2v s2v-envoy; do
	build --build-arg BASE=localhost/s2v-base:debian --target "${target#s2v-}" \
		-f "$folder/sources/deploy/docker/Dockerfile" -t "$target:$version" "$folder/sources"
done
[ "${1:-}" = stack ] || exit 0

export DOCKER_HOST=unix://$folder/podman.sock S2V_SECRETS=$folder/secrets
export S2V_PUBLISH=${S2V_PUBLISH:-127.0.0.1:8080}
mkdir -m 700 "$S2V_SECRETS"
od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "$S2V_SECRETS/internal_token"
chmod 444 "$S2V_SECRETS/internal_token"
podman system service --time 0 "$DOCKER_HOST" 2> "$folder/service.log" &
ended+=($!)
until [ -S "$folder/podman.sock" ]; do sleep 0.1; done
# systemd would have containers asked for their health.
while sleep 2; do
	for one in $(podman ps -q); do podman healthcheck run "$one" || true; done
done &> "$folder/health.log" &
ended+=($!)

compose() { docker-compose -p s2v-tried -f deploy/compose/compose.yaml "$@"; }
trap 'compose down --volumes; leave' EXIT
timeout 300 docker-compose -p s2v-tried -f deploy/compose/compose.yaml up --detach --no-build --wait
S2V_API_KEY=$(compose exec -T gateway s2v keys create me | head -1)
export S2V_API_KEY
s2v make --server "$S2V_PUBLISH" --text "Four services, each in a container of its own." \
	--reference libs/s2v/samples/portrait.jpg -o out/stack.mp4 --force
