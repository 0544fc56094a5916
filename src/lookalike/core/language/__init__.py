r"""The prompt language: `read` makes a `Prompt` of a text, `write` a text of a `Prompt`.

```
hero.png, a person in the rain::2 a street --ar 3:2 --sref ink.png --sw 300 --v 6
```

A prompt is pictures, then words, then parameters. The words may come in parts with weights behind
`::`, negative ones too; the record keeps the weights as they were said, and their sum is positive.
A text may offer choices, `a {red, blue} bird`: `expand` makes the texts that it stands for.

`read` refuses with `PromptError`, whose message points at the place; `parameters` is the table of
what there is. How to write what the language would understand otherwise is said in
`lookalike.core.language.escapes`: in short, a backslash before it.
"""

from __future__ import annotations

from lookalike.core.language.parameters import Parameter, parameters
from lookalike.core.language.permutations import expand
from lookalike.core.language.profiles import PROFILES, Profile
from lookalike.core.language.reading import read
from lookalike.core.language.writing import write

__all__ = ["PROFILES", "Parameter", "Profile", "expand", "parameters", "read", "write"]
