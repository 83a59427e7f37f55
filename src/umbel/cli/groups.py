"""A command that only leads to others (`umbel queue ...`), with "did you mean" for a wrong name."""

from __future__ import annotations

from typing import Final

import click

from umbel.cli.printing import put
from umbel.settings import unknown_name

#: Of commands that take an option, those that only read are the better examples.
_READING: Final = ("list", "tasks", "show")


class Group(click.Group):
    """Shows its help when no command is named, and knows the nearest right name for a wrong
    one, in any version of click."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            put(ctx.get_help())
            ctx.exit()
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            option, path = error.option_name, ctx.command_path
            takers = [each for each in self.commands if self._takes(each, option)]
            if not takers:
                raise
            example = next((each for each in _READING if each in takers), takers[0])
            message = (
                f"{option} stands behind the command, as in {path} {example} {option}. "
                f"{path} --help lists the commands."
            )
            raise click.NoSuchOption(option, message) from None

    def _takes(self, command: str, option: str) -> bool:
        return any(option in parameter.opts for parameter in self.commands[command].params)

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
