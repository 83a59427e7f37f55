"""A command that only leads to others (`umbel queue ...`), with "did you mean" for a wrong name."""

from __future__ import annotations

import click

from umbel.cli.printing import put
from umbel.settings import unknown_name


class Group(click.Group):
    """Shows its help when no command is named, and knows the nearest right name for a wrong
    one, in any version of click."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            put(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # A shell that completes words is told nothing, whatever stands there yet.
        is_unknown = not args[0].startswith("-") and args[0] not in self.commands
        if is_unknown and not ctx.resilient_parsing:
            raise unknown_name(
                "command",
                args[0],
                list(self.commands),
                where=f" of {ctx.command_path}" if ctx.parent else "",
                listed=f"{ctx.command_path} --help lists them all.",
            )
        return super().resolve_command(ctx, args)
