/** Free names: two plain words for an instance that nobody named, as LXD's petnames. */
import { randomInt } from "node:crypto";

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const first = words(`
  able amber ample apt awake bold brave brief bright brisk busy calm careful cheerful chief civil clean clear clever close cool
  crisp curious daring dear deep direct eager early easy equal exact fair famous fast fine firm fit fleet fond frank free fresh
  full gentle giant glad golden good grand great green handy happy hardy honest humble ideal just keen kind large lasting light
  lively loyal lucky major merry mighty mild modern modest neat new nimble noble open patient polite prime proud pure quick
  quiet rapid rare ready rich robust round royal safe sharp silent simple sincere smart smooth sober solid sound steady still
  strong subtle sunny super sure swift tender tidy tough true trusty upright useful vast vivid warm welcome whole wise witty
  worthy young`);

const second = words(`
  ant badger bass bat bear beaver bee beetle bird bison boar bobcat bream buck bunny camel caribou carp cat chipmunk cicada
  clam cobra cod colt condor coral cougar cow coyote crab crane cricket crow cub deer dingo doe dog dolphin donkey dove
  dragonfly duck eagle eel egret elephant elk emu falcon fawn ferret finch firefly fish flamingo fly foal fox frog gazelle
  gecko gibbon giraffe goat goose grouse gull hare hawk hedgehog hen heron herring hippo hog horse hound ibex ibis iguana
  impala insect jackal jaguar jay kangaroo kid kingfisher kite kiwi koala lamb lark leopard liger lion lizard llama lobster
  lynx macaw magpie mallard mammoth marlin marmot marten martin minnow mole monkey moose moth mouse mule mussel newt
  octopus opossum orca oriole osprey ostrich otter owl ox oyster panda panther parrot peacock pelican penguin pheasant pig
  pigeon pika pony poodle porpoise puffin puma python quail rabbit raccoon ram raven ray robin rooster salmon sawfish
  seal sheep shrew shrimp skylark sloth snail snipe sparrow sponge squid squirrel stag starling stork sunbeam swallow swan
  swift tapir teal tern tick tiger toad tortoise toucan trout tuna turkey turtle viper walrus warthog wasp weasel whale
  wolf wombat woodcock worm yak zebra`);

/** After so many tries in vain names get a number. */
const plainTries = 20;

/** @param isTaken whether somebody has a name @returns one that nobody has, such as "brave-otter" */
export function freeName(isTaken: (name: string) => boolean): string {
  for (let tries = 0; ; tries += 1) {
    const pair = `${first[randomInt(first.length)]}-${second[randomInt(second.length)]}`;
    const name = tries < plainTries ? pair : `${pair}-${randomInt(10 ** 6)}`;
    if (!isTaken(name)) return name;
  }
}
